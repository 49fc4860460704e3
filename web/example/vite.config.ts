import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/example/",
  plugins: [react()],
  build: { assetsDir: "", modulePreload: { polyfill: false } },
  server: { proxy: { "/graphql": "http://localhost:8000", "/dev": "http://localhost:8000" } }, // make run, then npm run dev
});
