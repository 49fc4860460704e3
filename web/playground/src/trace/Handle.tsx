import { useState, type KeyboardEvent, type PointerEvent } from "react";

const key = "tributary:run-height";

// useHeight is the height of a panel at the bottom, in pixels, which the browser remembers.
export function useHeight() {
  const [height, setHeight] = useState(() => Number(localStorage.getItem(key)) || undefined);
  return {
    height,
    resize: (to: number) => {
      const bounded = Math.round(Math.min(Math.max(to, 80), innerHeight * 0.8));
      setHeight(bounded);
      localStorage.setItem(key, String(bounded));
    },
  };
}

// Handle changes the height of the panel below it, by pointer or arrow keys.
export function Handle({ height, resize }: { height?: number; resize(to: number): void }) {
  const heightOf = (handle: HTMLElement) => handle.parentElement!.getBoundingClientRect().height;
  const move = (e: PointerEvent<HTMLElement>) => e.currentTarget.hasPointerCapture(e.pointerId) && resize(heightOf(e.currentTarget) - e.movementY);
  const press = (e: KeyboardEvent<HTMLElement>) => {
    const by = { ArrowUp: 24, ArrowDown: -24 }[e.key];
    if (!by) return;
    e.preventDefault();
    resize(heightOf(e.currentTarget) + by);
  };
  return (
    <div role="separator" aria-orientation="horizontal" aria-label="Height of the panel" aria-valuenow={height ?? 300} aria-valuemin={80} aria-valuemax={Math.round(innerHeight * 0.8)} tabIndex={0} className="run-handle"
      onPointerDown={(e) => { e.preventDefault(); e.currentTarget.setPointerCapture(e.pointerId); }} onPointerMove={move} onKeyDown={press} />
  );
}
