import { useCallback, useState } from "react";
import { money, times } from "./format";
import { graphql } from "./gql";
import { useAnswer } from "./useAnswer";
import { useWrite } from "./useWrite";
import { sentence, WriteStatus } from "./WriteStatus";

const CatalogueQuery = graphql(`
  query Catalogue($ids: [ID!]!) {
    products(ids: $ids) {
      id
      name
      price
    }
  }
`);

const PlaceOrder = graphql(`
  mutation PlaceOrder($input: PlaceOrderInput!) {
    placeOrder(input: $input) {
      id
    }
  }
`);

const offers = { ids: ["prod1", "prod2", "prod3", "p1", "p2", "p3"] };

// NewOrder is a button that becomes a form.
export function NewOrder({ userId, changed }: { userId: string; changed(): void }) {
  const [open, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  return open ? <OrderForm userId={userId} changed={changed} close={close} /> : <button type="button" onClick={() => setOpen(true)}>New order</button>;
}

// OrderForm is not optimistic: which number an order has, and at which price, only the
// services can say.
function OrderForm({ userId, changed, close }: { userId: string; changed(): void; close(): void }) {
  const { answer, loading, failure, refresh } = useAnswer(CatalogueQuery, offers);
  const [chosen, choose] = useState("prod1");
  const [quantity, setQuantity] = useState("1");
  const done = useCallback(() => { close(); changed(); }, [close, changed]);
  const { write, send, again } = useWrite(PlaceOrder, "orders", done);

  const products = answer?.data?.products.filter((p) => p !== null) ?? [];
  const product = products.find((p) => p.id === chosen) ?? products[0];
  const busy = write.state === "sending" || write.state === "unknown";
  const refused = write.state === "refused" ? write.fields.quantity : undefined;
  return (
    <form className="card" aria-label="New order" noValidate
      onSubmit={(e) => { e.preventDefault(); if (product) void send({ input: { userId, items: [{ productId: product.id, quantity: Number(quantity) }] } }); }}>
      {products.length === 0 && !loading && (
        <p className="unavailable" role="status">{failure ?? "The products are unavailable right now."} <button type="button" onClick={refresh}>Try again</button></p>
      )}
      <fieldset disabled={busy || !product}>
        <label>
          Product
          <select autoFocus value={product?.id} onChange={(e) => choose(e.target.value)}>
            {products.map((p) => <option key={p.id} value={p.id}>{p.name}, {money(p.price)}</option>)}
          </select>
        </label>
        <label>
          Quantity
          <input type="number" min="1" step="1" value={quantity} onChange={(e) => setQuantity(e.target.value)} aria-invalid={Boolean(refused)} aria-describedby={refused ? "quantity-error" : undefined} />
        </label>
        {refused && <p id="quantity-error" className="refused" role="alert">{sentence(refused)}</p>}
        <p className="actions">
          <button type="submit" className="primary">{write.state === "sending" ? "Placing…" : "Place order"}</button>{" "}
          <button type="button" className="quiet" onClick={close}>Cancel</button>
          {product && <small>About {money(times(Number(quantity) || 0, product.price))}; the price of the moment counts.</small>}
        </p>
      </fieldset>
      <WriteStatus write={write} what="your order" again={again} />
    </form>
  );
}
