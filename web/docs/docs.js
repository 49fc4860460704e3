SwaggerUIBundle({
  dom_id: "#docs",
  url: "/openapi.json",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  tryItOutEnabled: true,
  docExpansion: "full",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
