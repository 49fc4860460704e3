import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { ProfilePage } from "./ProfilePage";
import { SignIn } from "./SignIn";
import "./style.css";
import { signIn, type Viewer } from "./viewer";

const people = ["user123", "user456", "u7", "u42"];

// The fragment of the address says whose profile is shown.
function App() {
  const [id, setID] = useState(shown);
  useEffect(() => {
    const follow = () => setID(shown());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  useEffect(() => { document.title = `${id} · Example`; }, [id]);
  const [viewer, setViewer] = useState<Viewer>();
  const choose = (viewer?: Viewer) => { signIn(viewer); setViewer(viewer); };
  return (
    <>
      <ProfilePage key={viewer?.sub} id={id} people={people} />
      <SignIn viewer={viewer} choose={choose} />
    </>
  );
}

function shown(): string {
  const hash = location.hash.slice(1);
  try {
    return decodeURIComponent(hash) || people[0]!;
  } catch {
    return hash; // a stray %: the gateway says what it makes of it
  }
}

createRoot(document.getElementById("app")!).render(<StrictMode><App /></StrictMode>);
