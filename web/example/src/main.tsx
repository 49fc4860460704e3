import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { ProfilePage } from "./ProfilePage";
import "./style.css";

const people = ["user123", "user456", "u7", "u42"];

// The fragment of the address says whose profile is shown.
function App() {
  const [id, setID] = useState(shown);
  useEffect(() => {
    const follow = () => setID(shown());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return (
    <>
      <nav aria-label="Users">
        {people.map((one) => <a key={one} href={`#${one}`} aria-current={one === id ? "page" : undefined}>{one}</a>)}
      </nav>
      <ProfilePage key={id} id={id} />
    </>
  );
}

function shown(): string {
  return decodeURIComponent(location.hash.slice(1)) || people[0]!;
}

createRoot(document.getElementById("app")!).render(<StrictMode><App /></StrictMode>);
