// Small pictures that follow the colour of the text. They say nothing to a screen reader: their button does.

import { html, svg, type SVGTemplateResult, type TemplateResult } from "lit-html";

function icon(shape: SVGTemplateResult): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">${shape}</svg>`;
}

export const playIcon = icon(svg`<path d="M7 4.5v15l13-7.5z" fill="currentColor"></path>`);
export const pauseIcon = icon(svg`<path d="M6 4.5h4v15H6zm8 0h4v15h-4z" fill="currentColor"></path>`);
export const stopIcon = icon(svg`<path d="M6 6h12v12H6z" fill="currentColor"></path>`);
export const microphoneIcon = icon(
  svg`<path d="M12 14.5a3.5 3.5 0 0 0 3.5-3.5V6a3.5 3.5 0 0 0-7 0v5a3.5 3.5 0 0 0 3.5 3.5zm-7-4h1.8v.5a5.2 5.2 0 0 0 10.4 0v-.5H19v.5a7 7 0 0 1-6.1 6.9V22h-1.8v-4.1A7 7 0 0 1 5 11z" fill="currentColor"></path>`,
);
export const uploadIcon = icon(
  svg`<path d="M12 3.5l5.5 5.5-1.4 1.4-3.1-3.1V16h-2V7.3l-3.1 3.1L6.5 9zM5 18.5h14v2H5z" fill="currentColor"></path>`,
);
