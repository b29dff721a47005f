/** The simulation worker in TypeScript; workers in other languages may serve the same queue beside it. */
import { availableParallelism } from 'node:os';
import {
  simulationServiceActivities,
  simulationServiceTaskQueue,
} from '../gen/triglot/risk/v1/simulation_temporal.js';
import { readStoreLocation } from '../store/settings.js';
import { openStore } from '../store/store.js';
import { runActivityWorker } from '../temporal/worker.js';
import { HEARTBEAT_INTERVAL } from './checkpoints.js';
import { createSimulationActivities } from './simulate.js';
import { createPool, SimulationThreads } from './threads.js';

// A simulation keeps a core busy; more of them would only wait for each other.
const cores = availableParallelism();

const exitCode = await runActivityWorker({
  taskQueue: simulationServiceTaskQueue,
  needs: { slots: cores, heartbeatInterval: HEARTBEAT_INTERVAL },
  activities: (env, stop) =>
    simulationServiceActivities(
      createSimulationActivities({
        store: openStore(readStoreLocation(env)),
        threads: new SimulationThreads(createPool(cores)),
        stop,
      }),
    ),
});
// Not only `process.exitCode`: a connection attempt that was given up still holds the event loop.
process.exit(exitCode);
