// What a verdict says, for people: what was proved, what is hidden, what is not promised.

import { element, name, number, shown } from "./elements.mjs";

/** The most values of a tensor that are listed. */
const LISTED = 1000;

/** A refusal. */
export function refused(reason, key, trust) {
  const hint =
    key?.srs.insecure && !trust.insecure
      ? "The key was made under the development SRS, whose secret is public. To try things out, accept it under “More” above."
      : undefined;
  return [
    verdict("bad", "✗", "Refused", "Nothing is proved: do not rely on the outputs that these files state."),
    card("Why", element("p", { className: "reason" }, shown(reason)), hint && element("p", { className: "hint" }, hint)),
  ];
}

/** An acceptance, with what it rests on. */
export function accepted(result, key, trust, times) {
  const doubts = [
    trust.modelId ? undefined : "you did not say which model you trust, so whoever made the key chose it",
    result.srs.insecure ? "the development SRS is accepted, under which anybody can forge proofs" : undefined,
  ].filter(Boolean);
  const [kind, sign, title] = doubts.length > 0 ? ["warn", "!", "Accepted, with a reservation"] : ["good", "✓", "Accepted"];
  const said =
    doubts.length > 0 ? `The proof is in order, but ${doubts.join("; and ")}.` : "The proof is in order, for the model that you trust.";
  return [
    verdict(kind, sign, title, said),
    card(
      "What was proved",
      element("p", {}, "This model, given this input, computes exactly these outputs."),
      element(
        "dl",
        { className: "facts" },
        fact(
          "Model id",
          element("span", { className: "mono" }, result.modelId),
          trust.modelId ? badge("good", "the one you trust") : badge("warn", "not compared with anything"),
        ),
        fact(
          "SRS",
          result.srs.name ?? element("span", { className: "mono" }, result.srs.id),
          result.srs.insecure ? badge("warn", "forgeable") : badge("good", result.srs.name ? "public ceremony" : "accepted by you"),
        ),
        fact("Context", trust.context ? name(trust.context) : "none"),
        fact("Time", times),
      ),
    ),
    element(
      "div",
      { className: "pair" },
      card(plural("Input", result.inputs), ...result.inputs.map(input(key))),
      card(plural("Output", result.outputs), ...result.outputs.map(output)),
    ),
    card(
      "What is hidden",
      list(hidden(key)),
      element("p", {}, element("strong", {}, "Not hidden"), " is the architecture: which steps, of which shapes and scales, is in the key."),
    ),
    card("What is not promised", list(notPromised(key, trust, result))),
  ];
}

function verdict(kind, sign, title, said) {
  return element(
    "div",
    { className: `verdict ${kind}` },
    element("span", { className: "sign", ariaHidden: "true" }, sign),
    element("h2", { id: "verdict", tabIndex: -1 }, title),
    element("p", {}, said),
  );
}

function card(title, ...children) {
  return element("section", { className: "card" }, element("h2", {}, title), ...children);
}

function fact(term, ...values) {
  const rows = values.filter(Boolean).map((value) => element("div", {}, value));
  return [element("dt", {}, term), element("dd", {}, rows)];
}

function badge(kind, text) {
  return element("span", { className: `badge ${kind}` }, text);
}

function list(items) {
  return element("ul", { className: "list" }, items.map((item) => element("li", {}, item)));
}

function plural(word, items) {
  return items.length === 1 ? word : `${word}s`;
}

function heading(tensor) {
  const dims = tensor.dims.length > 0 ? tensor.dims.join(" × ") : "one number";
  return element("h3", {}, name(tensor.name), " ", element("span", { className: "dims" }, dims));
}

function secret() {
  return element("p", {}, "Hidden. The proof is about the values that the statement commits to, and shows none of them.");
}

const input = (key) => (tensor) => {
  if (tensor.values === null) return element("div", { className: "tensor" }, heading(tensor), secret());
  return element("div", { className: "tensor" }, heading(tensor), tensor.picture && picture(tensor, key), values(tensor));
};

function picture({ picture, name: title }, key) {
  const { width, height, rgba, ownColours } = picture;
  const canvas = element("canvas", { width, height, className: Math.max(width, height) < 128 ? "small" : "" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Picture of the input ${shown(title)}`);
  canvas.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
  const how = ownColours
    ? ["Made of the numbers that were proved, undoing what the key says is done to an image: ", element("code", {}, shown(key.preprocessing))]
    : ["The numbers that were proved, as shades: the smallest is black, the largest white."];
  return element("div", { className: "picture" }, canvas, element("p", { className: "hint" }, how));
}

function output(tensor) {
  const shownAs = tensor.values === null ? secret() : tensor.top5.length > 0 ? classes(tensor) : undefined;
  return element("div", { className: "tensor" }, heading(tensor), shownAs, tensor.values && values(tensor));
}

function classes({ top5, values }) {
  // Bars as wide as scores are above the smallest one.
  const least = values.reduce((least, value) => Math.min(least, value), Infinity);
  const span = top5[0].value - least || 1;
  const row = ({ index, label, value }) => {
    const bar = element("span", { className: "bar", ariaHidden: "true" });
    bar.style.width = `${(100 * (value - least)) / span}%`;
    const title = label === null ? `class ${index}` : [name(label), element("span", { className: "dims" }, ` (${index})`)];
    return element("li", {}, bar, element("span", {}, title), element("span", { className: "score" }, number(value)));
  };
  return element("ol", { className: "classes" }, top5.map(row));
}

function values({ values }) {
  const texts = Array.from(values.subarray(0, LISTED), number);
  const count = values.length.toLocaleString("en");
  const title = values.length > LISTED ? `The first ${LISTED.toLocaleString("en")} of ${count} values` : `All ${count} values`;
  return element(
    "details",
    {},
    element("summary", {}, values.length === 1 ? "The value" : title),
    element("code", { className: "values", tabIndex: 0 }, texts.join(", ")),
  );
}

function hidden(key) {
  const ports = [
    ["input", key.inputs],
    ["output", key.outputs],
  ];
  const named = ports.flatMap(([side, tensors]) => tensors.filter((port) => !port.public).map((port) => [`The ${side} `, name(port.name), "."]));
  return [
    "The model’s weights. The key holds commitments to them, and the model id stands for those.",
    ...named,
    "Everything that was computed in between.",
  ];
}

function notPromised(key, trust, { outputs }) {
  const inputs = key.inputs.some((port) => port.public);
  const labelled = outputs.some(({ top5 }) => top5.some(({ label }) => label !== null));
  return [
    "That the model is right, fair or any good: only that it was run.",
    "Where the input comes from. " +
      (key.preprocessing && inputs
        ? "The proof begins with the numbers after preprocessing; compare them with a photograph of your own."
        : "The proof begins with its numbers."),
    "That a model in floating point says the same: what is proved are its integers, as the key defines them.",
    ...(labelled ? ["The names of the classes: a file of yours gives them to numbers."] : []),
    trust.context
      ? "Who made the proof. That it was made for your context is promised."
      : "Who made the proof, when, and for whom: without a context it can be shown again to anybody.",
  ];
}
