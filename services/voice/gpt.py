"""GPT: phonemes and a spoken prompt become semantic tokens, 25 a second (the first model of GPT-SoVITS).

A post-norm transformer over [phonemes | tokens]: phonemes see each other and no token, tokens see all phonemes and
the tokens before them. Padding is masked, so every row of a batch gives the same numbers as alone. State-dict keys
are those of published checkpoints without their `model.` prefix.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from services.voice.guide import Guide
from services.voice.losses import gpt_loss, top_k_accuracy
from services.voice.reading import Reading, best_path
from services.voice.sampler import Sampling, sample

MIN_TOKENS = 11
"""EOS cannot be drawn for the first MIN_TOKENS steps: less than half a second is never a sentence."""


@dataclass(frozen=True, kw_only=True)
class GptConfig:
    """Sizes of a GPT. The defaults are GPT-SoVITS v2's."""

    n_symbols: int = 732
    codebook_size: int = 1024
    """Number of tokens; the end-of-sentence token has this id."""
    dim: int = 512
    n_heads: int = 16
    n_layers: int = 24
    bert_dim: int = 1024
    """Channels of the BERT features of Chinese text; 0 leaves their projection out."""
    dropout: float = 0.1
    guided_layers: Sequence[int] = ()
    """Layers (from 0) whose first head was taught to look at the phoneme that is being spoken: the last of them tells
    how far a sentence is. Empty for models that were never taught."""

    def __post_init__(self) -> None:
        if self.dim % self.n_heads:
            raise ValueError(f"dim {self.dim} is not a multiple of n_heads {self.n_heads}")
        if any(not 0 <= layer < self.n_layers for layer in self.guided_layers):
            raise ValueError(f"guided_layers {list(self.guided_layers)} are not layers of {self.n_layers}")

    @property
    def eos(self) -> int:
        return self.codebook_size

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "GptConfig":
        """Builds a config from plain values, such as a pack's table; an unknown name raises ValueError."""
        unknown = sorted(set(values) - {f.name for f in dataclasses.fields(cls)})
        if unknown:
            raise ValueError(f"GPT has no setting called {', '.join(unknown)}")
        frozen = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        return cls(**frozen)  # type: ignore[arg-type]


@dataclass(frozen=True)
class GptOutput:
    """A training pass: T tokens give T + 1 predictions, the first from the last phoneme, the last one EOS."""

    logits: Tensor  # (B, T + 1, V)
    targets: Tensor  # (B, T + 1) int64; EOS from the end of each row on
    mask: Tensor  # (B, T + 1) bool, the predictions that count
    loss: Tensor  # scalar, cross-entropy in nats summed over the mask
    guide_loss: Tensor  # scalar, nats per prediction by which the guided heads miss the phoneme; 0 where untaught

    @property
    def mean_loss(self) -> Tensor:
        """Nats per prediction."""
        return self.loss / self.mask.sum()

    @property
    def accuracy(self) -> Tensor:
        """Share of the real tokens (without EOS) that are among the three likeliest."""
        return top_k_accuracy(self.logits, self.targets, self.mask & (self.targets != self.logits.shape[-1] - 1))


class TokenEmbedding(nn.Module):
    """A table of vectors."""

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(size, dim)

    def forward(self, ids: Tensor) -> Tensor:
        return self.word_embeddings(ids)


class SinePositions(nn.Module):
    """Adds sinusoidal positions (arXiv 1706.03762) times a learned scalar."""

    def __init__(self, dim: int, dropout: float) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1))
        self.dropout = dropout
        self.dim = dim

    def forward(self, x: Tensor, start: int = 0) -> Tensor:
        """x (B, T, C); its first row is position `start`."""
        position = torch.arange(start, start + x.shape[1], device=x.device, dtype=torch.float32)
        frequency = torch.exp(torch.arange(0, self.dim, 2, device=x.device).float() * (-math.log(10000.0) / self.dim))
        angle = position[:, None] * frequency
        waves = torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)
        return F.dropout(x + self.alpha * waves, self.dropout, self.training)


class SelfAttention(nn.Module):
    """Multi-head self-attention; the three input projections are one matrix, in the order q, k, v."""

    def __init__(self, dim: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.dropout = dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * dim))
        self.out_proj = nn.Linear(dim, dim)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, T, C) -> q, k, v, each (B, H, T, C / H)."""
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias).unflatten(2, (3, self.n_heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        return q, k, v

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        dropout = self.dropout if self.training else 0.0
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)
        return self.out_proj(out.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Self-attention and a ReLU perceptron, normalised after each residual."""

    def __init__(self, config: GptConfig) -> None:
        super().__init__()
        self.self_attn = SelfAttention(config.dim, config.n_heads, config.dropout)
        self.linear1 = nn.Linear(config.dim, 4 * config.dim)
        self.linear2 = nn.Linear(4 * config.dim, config.dim)
        self.norm1 = nn.LayerNorm(config.dim)
        self.norm2 = nn.LayerNorm(config.dim)
        self.dropout = config.dropout

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Everything after the attention."""
        x = self.norm1(x + F.dropout(attended, self.dropout, self.training))
        hidden = F.dropout(F.relu(self.linear1(x)), self.dropout, self.training)
        return self.norm2(x + F.dropout(self.linear2(hidden), self.dropout, self.training))


class _Layers(nn.Module):
    def __init__(self, config: GptConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.n_layers))

    def forward(
        self, x: Tensor, mask: Tensor, watch: Callable[[int, Tensor, Tensor], None] = lambda *_: None
    ) -> Tensor:
        """`watch` sees the index, the queries and the keys of every layer, (B, H, T, C / H)."""
        for index, layer in enumerate(self.layers):
            assert isinstance(layer, Layer)
            q, k, v = layer.self_attn.project(x)
            watch(index, q, k)
            x = layer.finish(x, layer.self_attn.attend(q, k, v, mask))
        return x


class Gpt(nn.Module):
    """The whole model; see the module's docstring. `Gpt(GptConfig())` is GPT-SoVITS v2."""

    def __init__(self, config: GptConfig) -> None:
        super().__init__()
        self.config = config
        if config.bert_dim:
            self.bert_proj = nn.Linear(config.bert_dim, config.dim)
        self.ar_text_embedding = TokenEmbedding(config.n_symbols, config.dim)
        self.ar_text_position = SinePositions(config.dim, config.dropout)
        self.ar_audio_embedding = TokenEmbedding(config.codebook_size + 1, config.dim)
        self.ar_audio_position = SinePositions(config.dim, config.dropout)
        self.h = _Layers(config)
        self.ar_predict_layer = nn.Linear(config.dim, config.codebook_size + 1, bias=False)

    def embed_text(self, phones: Tensor, bert: Tensor | None) -> Tensor:
        """phones (B, N), bert (B, bert_dim, N) or None, which means zeros -> (B, N, C)."""
        x = self.ar_text_embedding(phones)
        if self.config.bert_dim:
            if bert is None:
                bert = x.new_zeros(phones.shape[0], self.config.bert_dim, phones.shape[1])
            x = x + self.bert_proj(bert.transpose(1, 2))
        return self.ar_text_position(x)

    def embed_tokens(self, tokens: Tensor, start: int = 0) -> Tensor:
        """tokens (B, T) at positions start.. -> (B, T, C)."""
        return self.ar_audio_position(self.ar_audio_embedding(tokens), start)

    def forward(
        self,
        phones: Tensor,
        phone_lengths: Tensor,
        bert: Tensor | None,
        tokens: Tensor,
        token_lengths: Tensor,
        *,
        heard: Tensor | None = None,
        spoken: Tensor | None = None,
    ) -> GptOutput:
        """A training pass over right-padded phones (B, N), tokens (B, T) and bert (B, bert_dim, N) or None.

        Args:
            heard: (B, T) what the model sees of the tokens when that is not the tokens themselves.
            spoken: (B, T) index of the phoneme that each token speaks, for the guided heads; -1 where unknown.
        """
        n_phones, n_tokens = phones.shape[1], tokens.shape[1]
        text_valid = _valid(phone_lengths, n_phones)
        token_valid = _valid(token_lengths, n_tokens)
        targets = F.pad(tokens.masked_fill(~token_valid, self.config.eos), (0, 1), value=self.config.eos)
        history = targets[:, :-1] if heard is None else heard
        x = torch.cat([self.embed_text(phones, bert), self.embed_tokens(history)], dim=1)
        mask = attention_mask(text_valid, token_valid)
        guide = Guide(self.config.guided_layers, mask, phone_lengths, token_lengths, spoken)
        hidden = self.h(x, mask, guide)
        # The first token is predicted by the last phoneme, which sits elsewhere in each row.
        last = (phone_lengths - 1)[:, None, None].expand(-1, 1, hidden.shape[2])
        states = torch.cat([hidden.gather(1, last), hidden[:, n_phones:]], dim=1)
        logits = self.ar_predict_layer(states)
        counted = F.pad(token_valid, (1, 0), value=True)
        return GptOutput(logits, targets, counted, gpt_loss(logits, targets, counted), guide.loss(hidden))

    @torch.inference_mode()
    def read_along(self, phones: Tensor, bert: Tensor | None, tokens: Tensor) -> Tensor:
        """Which phoneme of phones (1, N) each of the tokens (1, T) speaks, as the last guided head sees it: (T,) int64.

        All -1 for a model whose heads were never taught.
        """
        if not self.config.guided_layers:
            return torch.full((tokens.shape[1],), -1, device=tokens.device)
        looks: list[Tensor] = []

        def watch(layer: int, q: Tensor, k: Tensor) -> None:
            if layer == max(self.config.guided_layers):
                scores = q[0, 0, phones.shape[1] :] @ k[0, 0, : phones.shape[1]].T * q.shape[-1] ** -0.5
                looks.append(scores.float().log_softmax(1))

        x = torch.cat([self.embed_text(phones, bert), self.embed_tokens(tokens)], dim=1)
        every = torch.ones_like(phones, dtype=torch.bool), torch.ones_like(tokens, dtype=torch.bool)
        self.h(x, attention_mask(*every), watch)
        # The state at a token looks at the phoneme of the next one; the first token has none before it.
        path = best_path(looks[0])
        return torch.cat([path[:1], path[:-1]])

    @torch.inference_mode()
    def generate(
        self,
        phones: Tensor,
        bert: Tensor | None = None,
        prompt_tokens: Tensor | None = None,
        *,
        top_k: int | None = 15,
        top_p: float = 1.0,
        temperature: float = 1.0,
        repetition_penalty: float = 1.35,
        max_tokens: int = 1500,
        generator: torch.Generator | None = None,
        reading: Reading | None = None,
        on_logits: Callable[[Tensor], None] | None = None,
    ) -> Tensor:
        """Speaks in tokens: (1, T) int64 with T <= max_tokens, without the prompt and without EOS; T may be 0.

        Ends when EOS is the draw or the likeliest token, or at `max_tokens`.

        Args:
            phones: (1, N) ids of the prompt's phonemes followed by those of the text; bert: (1, bert_dim, N) or None.
            prompt_tokens: (1, P) tokens of the reference clip, or None.
            top_k, top_p, temperature, repetition_penalty: see sampler.Sampling; top_k 1 is greedy.
            generator: source of the draws, on the CPU or the model's device.
            reading: follows a guided model through the text, and decides with it when the sentence may and must end.
            on_logits: sees the raw logits (1, V) of every step.
        """
        sampling = Sampling(top_k, top_p, temperature, repetition_penalty)
        history = phones.new_empty(1, 0) if prompt_tokens is None else prompt_tokens
        n_prompt = history.shape[1]
        x = self.embed_text(phones, bert)
        if n_prompt:
            x = torch.cat([x, self.embed_tokens(history)], dim=1)
        cache = KeyValueCache(self.config, x.shape[1] + max_tokens, x)
        if not self.config.guided_layers:
            reading = None
        text_valid = torch.ones_like(phones, dtype=torch.bool)
        mask = attention_mask(text_valid, torch.ones_like(history, dtype=torch.bool)) if n_prompt else None
        hidden = self._cached(x, cache, mask)
        tokens = torch.cat([history, history.new_empty(1, max_tokens)], dim=1)
        for step in range(max_tokens):
            logits = self.ar_predict_layer(hidden[:, -1]).float()
            if on_logits is not None:
                on_logits(logits.clone())
            if reading is not None:
                reading.look(self._look(cache, reading.window, phones.shape[1]))
                if reading.must_end:
                    return tokens[:, n_prompt : n_prompt + step].clone()
            if step < MIN_TOKENS or (reading is not None and not reading.may_end):
                logits = logits[:, : self.config.eos]
            drawn, likeliest = sample(logits, tokens[:, : n_prompt + step], sampling, generator)
            if self.config.eos in (drawn, likeliest):
                return tokens[:, n_prompt : n_prompt + step].clone()
            tokens[0, n_prompt + step] = drawn
            if step + 1 == max_tokens:
                break
            newest = tokens[:, n_prompt + step : n_prompt + step + 1]
            hidden = self._cached(self.embed_tokens(newest, n_prompt + step), cache, None, reading, phones.shape[1])
        return tokens[:, n_prompt : n_prompt + max_tokens].clone()

    def _cached(
        self,
        x: Tensor,
        cache: "KeyValueCache",
        mask: Tensor | None,
        reading: Reading | None = None,
        n_phones: int = 0,
    ) -> Tensor:
        """Runs the layers on new positions, which see all that the cache holds (and each other as `mask` says).

        With `reading` the guided heads see no other phonemes than those of its window.
        """
        start, stop = cache.length, cache.length + x.shape[1]
        led = None
        if reading is not None:
            led = torch.ones(1, self.config.n_heads, 1, stop, dtype=torch.bool, device=x.device)
            led[:, 0, :, :n_phones] = False
            first, behind = reading.window
            led[:, 0, :, first : min(behind, n_phones)] = True
        for index, layer in enumerate(self.h.layers):
            assert isinstance(layer, Layer)
            q, k, v = layer.self_attn.project(x)
            cache.queries[index] = q[:, :, -1:]
            cache.keys[index][:, :, start:stop] = k
            cache.values[index][:, :, start:stop] = v
            seen_k, seen_v = cache.keys[index][:, :, :stop], cache.values[index][:, :, :stop]
            seen = led if led is not None and index in self.config.guided_layers else mask
            x = layer.finish(x, layer.self_attn.attend(q, seen_k, seen_v, seen))
        cache.length = stop
        return x

    def _look(self, cache: "KeyValueCache", window: tuple[int, int], n_phones: int) -> int:
        """The phoneme in the window that the last guided head looks at for the next token."""
        layer, (first, behind) = max(self.config.guided_layers), window
        keys = cache.keys[layer][0, 0, first : min(behind, n_phones)]
        return first + int((cache.queries[layer][0, 0] @ keys.T).argmax())


class KeyValueCache:
    """Keys and values of every layer for one sequence, allocated once: appending a token copies nothing."""

    def __init__(self, config: GptConfig, size: int, like: Tensor) -> None:
        shape = (like.shape[0], config.n_heads, size, config.dim // config.n_heads)
        self.keys = [like.new_empty(shape) for _ in range(config.n_layers)]
        self.values = [like.new_empty(shape) for _ in range(config.n_layers)]
        # Of the newest position alone.
        self.queries = [like.new_empty(0) for _ in range(config.n_layers)]
        self.length = 0


def attention_mask(text_valid: Tensor, token_valid: Tensor) -> Tensor:
    """What may see what: (B, N), (B, T) bool -> (B, 1, N + T, N + T) bool.

    Padding is seen by none but itself, so that its softmax is not empty.
    """
    n_text, n_tokens = text_valid.shape[1], token_valid.shape[1]
    size = n_text + n_tokens
    allowed = torch.ones(size, size, dtype=torch.bool, device=text_valid.device)
    allowed[:n_text, n_text:] = False
    allowed[n_text:, n_text:] = torch.ones_like(allowed[n_text:, n_text:]).tril()
    valid = torch.cat([text_valid, token_valid], dim=1)
    itself = torch.eye(size, dtype=torch.bool, device=text_valid.device)
    return ((allowed & valid[:, None, :]) | itself).unsqueeze(1)


def _valid(lengths: Tensor, size: int) -> Tensor:
    return torch.arange(size, device=lengths.device) < lengths[:, None]
