// The bound by sums over states or over a grid, in logarithms.
import { sum } from "./drawing.js";

function logSum(values) {
  const highest = Math.max(...values);
  return highest + Math.log(sum(values.map((v) => Math.exp(v - highest))));
}

// log q of a normal on the grid, where it sums to one.
export function normal({ length }, { low, spacing }, { mean, sd }) {
  const powers = Array.from({ length }, (_, i) => -0.5 * ((low + i * spacing - mean) / sd) ** 2);
  const total = logSum(powers) + Math.log(spacing);
  return powers.map((power) => power - total);
}

// ELBO, both KLs and log evidence, each from its own sum.
export function bound(table, logQ, spacing = 1) {
  // JSON has no infinities: null stands for log 0.
  const logJoint = table.map((value) => value ?? -Infinity);
  const log_evidence = logSum(logJoint) + Math.log(spacing);
  const [q, p] = [logQ, logJoint.map((v) => v - log_evidence)].map((logs) => logs.map(Math.exp));
  const over = (density, value) => sum(density.map((mass, i) => (mass > 0 ? mass * value(i) * spacing : 0)));
  const expected_log_joint = over(q, (i) => logJoint[i]);
  const entropy = over(q, (i) => -logQ[i]);
  return {
    log_evidence, expected_log_joint, entropy, elbo: expected_log_joint + entropy, q, p,
    kl: over(q, (i) => logQ[i] - logJoint[i] + log_evidence),
    reverse_kl: over(p, (i) => logJoint[i] - log_evidence - logQ[i]),
  };
}
