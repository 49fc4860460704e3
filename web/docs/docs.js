SwaggerUIBundle({
  dom_id: "#docs",
  url: "/openapi.json",
  presets: [SwaggerUIBundle.presets.apis],
  tryItOutEnabled: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});

// Swagger UI gives its choices of examples no name, and its examples, which scroll, no focus.
const docs = document.getElementById("docs");
new MutationObserver(() => {
  for (const e of docs.querySelectorAll(".examples-select-element:not([aria-label])")) e.setAttribute("aria-label", "Example");
  for (const e of docs.querySelectorAll(".microlight:not([tabindex])")) e.tabIndex = 0;
}).observe(docs, { childList: true, subtree: true });

// Swagger UI is dark by a class.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
