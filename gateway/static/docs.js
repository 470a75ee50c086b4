// Shows the OpenAPI page in the language of this page's own ?lang=, else in the browser's.
const lang = new URLSearchParams(location.search).get("lang");
window.ui = SwaggerUIBundle({
  url: "/openapi.json" + (lang ? "?lang=" + encodeURIComponent(lang) : ""),
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  // No badge from a validator on the internet.
  validatorUrl: null,
});
