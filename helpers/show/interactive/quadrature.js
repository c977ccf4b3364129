// Sums over a grid, for a normal q against any density.

const density = (logs, spacing) => {
  const highest = Math.max(...logs);
  const total = highest + Math.log(logs.reduce((sum, v) => sum + Math.exp(v - highest), 0) * spacing);
  const log = logs.map((v) => v - total);
  return { total, log, density: log.map(Math.exp) };
};

// ELBO, both KLs and log evidence; q is normalised on the grid, so that they add up exactly.
export function normalGap(logJoint, { low, spacing }, mean, sd) {
  const p = density(logJoint, spacing);
  const q = density(logJoint.map((_, i) => -0.5 * ((low + i * spacing - mean) / sd) ** 2), spacing);
  let [elbo, kl, reverse] = [0, 0, 0];
  for (let i = 0; i < logJoint.length; i++) {
    if (q.density[i] > 0) {
      elbo += q.density[i] * (logJoint[i] - q.log[i]) * spacing;
      kl += q.density[i] * (q.log[i] - p.log[i]) * spacing;
    }
    if (p.density[i] > 0) reverse += p.density[i] * (p.log[i] - q.log[i]) * spacing;
  }
  return { log_evidence: p.total, elbo, kl, reverse_kl: reverse, q: q.density, p: p.density };
}
