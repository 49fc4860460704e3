// How values are written: numbers and dates as the browser's language has them.

const currency = "USD"; // of the shop: its services tell no other
const price = new Intl.NumberFormat(undefined, { style: "currency", currency });

export const money = (amount: number): string => price.format(amount);

// times multiplies in the smallest unit, in which sums are exact.
export const times = (quantity: number, amount: number): number => (quantity * Math.round(amount * 100)) / 100;

export const day = (date: string): string => new Date(date).toLocaleDateString(undefined, { dateStyle: "medium" });
export const month = (date: string): string => new Date(date).toLocaleDateString(undefined, { year: "numeric", month: "long" });

export function ago(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s ago` : `${Math.round(seconds / 60)} min ago`;
}
