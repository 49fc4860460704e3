import { useEffect, useState } from "react";
import { signIn, viewers, type Viewer } from "../viewers";

// ViewerSwitch chooses who runs the operations.
export function ViewerSwitch() {
  const [all, setAll] = useState<Viewer[]>([]);
  useEffect(() => void viewers().then(setAll, () => undefined), []);
  if (all.length === 0) return null;
  return (
    <label className="viewer">
      as{" "}
      <select onChange={(e) => signIn(all[Number(e.target.value)])}>
        <option value="-1">nobody</option>
        {all.map((v, i) => <option key={v.sub} value={i}>{v.name}{v.scopes?.length ? ` (${v.scopes.join(" ")})` : ""}</option>)}
      </select>
    </label>
  );
}
