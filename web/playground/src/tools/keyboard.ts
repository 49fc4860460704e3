// "?" opens GraphiQL's list of keys, unless it is typed into something.
export function listenForHelp(): void {
  addEventListener("keydown", (e) => {
    const target = e.target as HTMLElement;
    if (e.key !== "?" || target.closest("input, textarea, select, [contenteditable], [role=dialog]")) return;
    e.preventDefault();
    document.querySelector<HTMLButtonElement>('button[aria-label="Open short keys dialog"]')?.click();
  });
}
