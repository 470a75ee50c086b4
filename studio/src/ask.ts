// Asks before something that cannot be undone. The browser's own <dialog> keeps the focus inside and gives it back.

import { html, render } from "lit-html";
import { t } from "./i18n";

/** Whether the reader says yes; `yes` is what the button says. */
export function ask(question: string, yes: string): Promise<boolean> {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    dialog.className = "card ask";
    dialog.dataset["test"] = "dialog";
    dialog.setAttribute("aria-labelledby", "ask");
    const answer = (said: boolean) => () => {
      dialog.returnValue = said ? "yes" : "";
      dialog.close();
    };
    render(
      html`
        <p id="ask">${question}</p>
        <div class="row">
          <button type="button" data-test="dialog-no" autofocus @click=${answer(false)}>${t("ask.no")}</button>
          <button type="button" class="danger" data-test="dialog-yes" @click=${answer(true)}>${yes}</button>
        </div>
      `,
      dialog,
    );
    // Escape closes it, too: that is no.
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
