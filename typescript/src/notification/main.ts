/** The notification worker. */
import {
  notificationServiceActivities,
  notificationServiceTaskQueue,
} from '../gen/triglot/notification/v1/notification_temporal.js';
import { runActivityWorker } from '../temporal/worker.js';
import { createNotificationActivities } from './send.js';
import { readNotificationSettings } from './settings.js';

const exitCode = await runActivityWorker({
  taskQueue: notificationServiceTaskQueue,
  activities: (env) => ({
    ...notificationServiceActivities(createNotificationActivities(readNotificationSettings(env))),
  }),
});
// Not only `process.exitCode`: a connection attempt that was given up still holds the event loop.
process.exit(exitCode);
