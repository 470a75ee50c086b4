"""The GPT: padding changes nothing, the cache changes nothing, and sentences end when they should."""

import dataclasses

import pytest
import torch
from torch import Tensor

from services.voice.gpt import MIN_TOKENS, Gpt, GptConfig
from services.voice.reading import LONGEST_END, Reading, best_path
from services.voice.sampler import Sampling, probabilities, sample
from tests.unit.voice.models import GPT, gpt


def rows(lengths: list[tuple[int, int]]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Right-padded phones, their lengths, BERT features, tokens and their lengths."""
    torch.manual_seed(3)
    n_phones, n_tokens = (torch.tensor(column) for column in zip(*lengths, strict=True))
    phones = torch.randint(1, 700, (len(lengths), int(n_phones.max())))
    tokens = torch.randint(0, GPT.codebook_size, (len(lengths), int(n_tokens.max())))
    return phones, n_phones, torch.randn(len(lengths), GPT.bert_dim, phones.shape[1]), tokens, n_tokens


def test_every_row_of_a_batch_equals_itself_alone() -> None:
    model = gpt()
    phones, n_phones, bert, tokens, n_tokens = rows([(5, 20), (14, 3), (9, 9)])
    together = model(phones, n_phones, bert, tokens, n_tokens)
    losses = []
    for row, (p, t) in enumerate(zip(n_phones.tolist(), n_tokens.tolist(), strict=True)):
        one = slice(row, row + 1)
        alone = model(phones[one, :p], n_phones[one], bert[one, :, :p], tokens[one, :t], n_tokens[one])
        torch.testing.assert_close(together.logits[one, : t + 1], alone.logits)
        assert together.mask[row].sum() == t + 1
        losses.append(alone.loss)
    torch.testing.assert_close(together.loss, torch.stack(losses).sum())


def test_what_fills_the_padding_does_not_matter() -> None:
    model = gpt()
    phones, n_phones, bert, tokens, n_tokens = rows([(5, 20), (14, 3)])
    other_phones, other_bert, other_tokens = phones.clone(), bert.clone(), tokens.clone()
    other_phones[0, 5:], other_bert[0, :, 5:], other_tokens[1, 3:] = 7, 100.0, 1
    first = model(phones, n_phones, bert, tokens, n_tokens).loss
    torch.testing.assert_close(first, model(other_phones, n_phones, other_bert, other_tokens, n_tokens).loss)


def naive(
    model: Gpt, phones: Tensor, bert: Tensor, prompt: Tensor, sampling: Sampling, seed: int, limit: int
) -> Tensor:
    """Generation that runs the whole sequence through the training pass for every token."""
    random, tokens = torch.Generator().manual_seed(seed), prompt
    for step in range(limit):
        lengths = torch.tensor([phones.shape[1]]), torch.tensor([tokens.shape[1]])
        logits = model(phones, lengths[0], bert, tokens, lengths[1]).logits[:, -1]
        drawn, likeliest = sample(logits[:, : GPT.eos] if step < MIN_TOKENS else logits, tokens, sampling, random)
        if GPT.eos in (drawn, likeliest):
            break
        tokens = torch.cat([tokens, torch.tensor([[drawn]])], dim=1)
    return tokens[:, prompt.shape[1] :]


@pytest.mark.parametrize("prompted", [True, False])
def test_the_cache_gives_the_same_tokens_as_computing_everything_again(prompted: bool) -> None:
    model = gpt()
    phones, _, bert, tokens, _ = rows([(12, 10)])
    prompt = tokens if prompted else tokens[:, :0]
    sampling = Sampling(top_k=10, top_p=0.9, temperature=1.1, repetition_penalty=1.2)
    with torch.inference_mode():
        expected = naive(model, phones, bert, prompt, sampling, 5, 40)
    ours = model.generate(
        phones,
        bert,
        prompt if prompted else None,
        top_k=10,
        top_p=0.9,
        temperature=1.1,
        repetition_penalty=1.2,
        max_tokens=40,
        generator=torch.Generator().manual_seed(5),
    )
    assert ours.tolist() == expected.tolist()
    assert ours.shape[1] > MIN_TOKENS


def test_the_same_seed_gives_the_same_sentence_and_another_seed_another() -> None:
    phones, _, bert, _, _ = rows([(12, 10)])
    spoken = [
        gpt().generate(phones, bert, max_tokens=30, generator=torch.Generator().manual_seed(seed)).tolist()
        for seed in (1, 1, 2)
    ]
    assert spoken[0] == spoken[1] != spoken[2]


def eager_to_stop(config: GptConfig = GPT) -> Gpt:
    """A GPT for which the end is by far the likeliest token, always."""
    model = gpt(config)
    with torch.no_grad():
        for parameter in (model.h.layers[-1].norm2.weight, model.ar_predict_layer.weight):
            parameter.zero_()
        model.h.layers[-1].norm2.bias.fill_(1.0)
        model.ar_predict_layer.weight[GPT.eos] = 1.0
    return model


def test_a_sentence_cannot_end_in_its_first_eleven_tokens() -> None:
    phones, _, bert, _, _ = rows([(12, 10)])
    assert eager_to_stop().generate(phones, bert, max_tokens=100).shape == (1, MIN_TOKENS)


def test_the_end_is_never_among_the_tokens() -> None:
    phones, _, bert, _, _ = rows([(12, 10)])
    tokens = gpt().generate(phones, bert, max_tokens=200, generator=torch.Generator().manual_seed(4))
    assert int(tokens.max()) < GPT.eos


def guided() -> Gpt:
    return gpt(dataclasses.replace(GPT, guided_layers=(0, 1)))


def test_guidance_teaches_a_head_to_look_at_the_phoneme_that_comes_next() -> None:
    model = guided().train()
    phones, n_phones, bert, tokens, n_tokens = rows([(8, 16), (6, 12)])
    spoken = torch.stack([torch.arange(16) // 2, torch.arange(16) // 2]).masked_fill(
        torch.arange(16) >= n_tokens[:, None], -1
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        loss = model(phones, n_phones, bert, tokens, n_tokens, spoken=spoken).guide_loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.3 * losses[0]
    looks = []
    model.eval()

    class Recorder(Reading):
        def look(self, position: int) -> None:
            looks.append(position)

    model.generate(
        phones[:1], bert[:1], tokens[:1, :9], max_tokens=1, top_k=1, repetition_penalty=1.0, reading=Recorder(3, 7)
    )
    assert looks == [4]  # nine tokens are past, two for each of the first four phonemes and one for the fifth


def test_a_guided_model_reads_along_with_a_recording() -> None:
    looks = torch.full((8, 6), -9.0)
    for token, phoneme in enumerate([1, 1, 2, 5, 3, 3, 4, 5]):  # one stray look ahead
        looks[token, phoneme] = 0.0
    assert best_path(looks).tolist() == [1, 1, 2, 3, 3, 3, 4, 5]
    phones, _, bert, tokens, _ = rows([(8, 16)])
    spoken = guided().read_along(phones, bert, tokens)
    assert spoken.shape == (16,)
    assert (spoken.diff() >= 0).all()
    assert spoken[0] >= 0
    assert spoken[-1] < 8
    assert (gpt().read_along(phones, bert, tokens) == -1).all()  # never taught


def test_guidance_ignores_padding() -> None:
    model = guided()
    phones, n_phones, bert, tokens, n_tokens = rows([(5, 20), (14, 3)])
    spoken = torch.stack([torch.arange(20) // 4, torch.arange(20)]).masked_fill(
        torch.arange(20) >= n_tokens[:, None], -1
    )
    both = model(phones, n_phones, bert, tokens, n_tokens, spoken=spoken).guide_loss
    other = tokens.clone()
    other[1, 3:] = 1
    torch.testing.assert_close(both, model(phones, n_phones, bert, other, n_tokens, spoken=spoken).guide_loss)
    alone = [
        model(
            phones[row, None, :p], n_phones[row, None], bert[row, None, :, :p], tokens[row, None, :t],
            n_tokens[row, None], spoken=spoken[row, None, :t],
        ).guide_loss * t
        for row, (p, t) in enumerate([(5, 20), (14, 3)])
    ]  # fmt: skip
    torch.testing.assert_close(both, torch.stack(alone).sum() / 23)


def test_what_the_model_hears_can_differ_from_what_it_predicts() -> None:
    model = gpt()
    phones, n_phones, bert, tokens, n_tokens = rows([(5, 20)])
    same = model(phones, n_phones, bert, tokens, n_tokens, heard=tokens)
    torch.testing.assert_close(same.loss, model(phones, n_phones, bert, tokens, n_tokens).loss)
    noisy = model(phones, n_phones, bert, tokens, n_tokens, heard=tokens.roll(3))
    assert torch.equal(noisy.targets, same.targets)
    assert noisy.loss != same.loss


def test_a_guided_sentence_ends_neither_early_nor_late() -> None:
    class Scripted(Reading):
        def look(self, position: int) -> None:
            super().look(min(self.last, self.position + 1))

    phones, _, bert, _, _ = rows([(40, 10)])
    eager = eager_to_stop(dataclasses.replace(GPT, guided_layers=(1,)))
    # The first token speaks phoneme 1, and the end may come in the place of that of phoneme 38.
    assert eager.generate(phones, bert, max_tokens=100, reading=Scripted(0, 39)).shape == (1, 37)
    tokens = guided().generate(
        phones, bert, max_tokens=200, generator=torch.Generator().manual_seed(4), reading=Scripted(0, 39)
    )
    assert tokens.shape[1] <= 39 + LONGEST_END


def test_no_token_leaves_out_two_phonemes() -> None:
    looks = torch.full((5, 6), -9.0)
    for token, phoneme in enumerate([0, 0, 3, 3, 4]):
        looks[token, phoneme] = 0.0
    path = best_path(looks)
    assert path.diff().max() == 2
    assert path[-1] == 4


def test_a_guided_head_looks_no_farther_than_the_window() -> None:
    looks = []

    class Recorder(Reading):
        def look(self, position: int) -> None:
            first, behind = self.window
            assert first <= position < behind
            super().look(position)
            looks.append(position)

    phones, _, bert, _, _ = rows([(30, 10)])
    guided().generate(phones, bert, max_tokens=60, generator=torch.Generator().manual_seed(2), reading=Recorder(4, 29))
    assert looks


def test_other_models_are_not_led() -> None:
    phones, _, bert, _, _ = rows([(12, 10)])
    reading = Reading(0, 11)
    draws = [
        gpt().generate(phones, bert, max_tokens=30, generator=torch.Generator().manual_seed(4), reading=one)
        for one in (None, reading)
    ]
    assert torch.equal(draws[0], draws[1])
    assert reading.position == 0


def test_a_layer_that_is_not_there_cannot_be_guided() -> None:
    with pytest.raises(ValueError, match="guided_layers"):
        dataclasses.replace(GPT, guided_layers=(2,))


def test_without_bert_features_there_is_no_projection() -> None:
    model = gpt(type(GPT)(codebook_size=40, dim=32, n_heads=4, n_layers=1, bert_dim=0))
    assert not any(key.startswith("bert_proj") for key in model.state_dict())
    assert model.generate(torch.tensor([[1, 2, 3]]), max_tokens=3).shape == (1, 3)


def test_repetition_penalty_counts_the_prompt_and_greedy_is_the_likeliest() -> None:
    logits = torch.tensor([[2.0, 1.9, -1.0]])
    greedy = Sampling(top_k=1, repetition_penalty=1.35)
    assert sample(logits, torch.tensor([[0]]), greedy, None) == (1, 1)
    assert sample(logits, torch.empty(1, 0, dtype=torch.int64), greedy, None) == (0, 0)


def test_top_p_and_top_k_cut_the_tail() -> None:
    logits = torch.tensor([[3.0, 2.0, 1.0, 0.0]])
    nothing = torch.empty(1, 0, dtype=torch.int64)
    assert (probabilities(logits, nothing, Sampling(top_k=2)) > 0).tolist() == [[True, True, False, False]]
    assert (probabilities(logits, nothing, Sampling(top_k=None, top_p=0.7)) > 0).tolist() == [[True] + [False] * 3]
