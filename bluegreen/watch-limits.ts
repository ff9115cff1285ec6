import type { Config } from '../config/schema.ts';
import type { TrafficLimits } from './judge-traffic.ts';

type Deploy = Config['deploy'];

export function trafficLimits(deploy: Deploy): TrafficLimits {
  return {
    requests: deploy.watch_requests,
    errorMargin: deploy.watch_error_margin,
    errorLimit: deploy.watch_failure_limit,
    latencyFactor: deploy.watch_latency_factor,
    latencyMarginMs: deploy.watch_latency_margin,
  };
}

/** What `plan` says of the watch. */
export function watchText(deploy: Deploy): string {
  const points = `${Number((deploy.watch_error_margin * 100).toFixed(2))} points more 5xx`;
  const slower = `p95 ${deploy.watch_latency_factor} times as long and ${deploy.watch_latency_margin / 1000} s more`;
  return `${deploy.watch / 1000} s; bad health, ${points}, or ${slower} than in the hour before hand everything back, data kept`;
}
