// Starts the quick check and sends it once it is solved. The waiting form works without this file.
import "./altcha.js";

$altcha.algorithms.set(
  "PBKDF2/SHA-256",
  () => new Worker(new URL("./pbkdf2.js", import.meta.url)),
);

const root = document.documentElement;
root.classList.add("script");
// Browsers offer the calculation (crypto.subtle) on https and on localhost only.
root.classList.add(window.isSecureContext ? "secure" : "insecure");

const form = document.getElementById("check");
form?.querySelector("altcha-widget")?.addEventListener("verified", () => {
  // The widget writes its hidden field after this turn of the event loop.
  setTimeout(() => form.requestSubmit(), 50);
});
