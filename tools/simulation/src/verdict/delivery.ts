import { hold, textOf } from '../ground/violation';
import type { System } from '../system';

const rule = 'nothing is left pending';

/** After the faults everything has been published, taken, called, answered and concluded. */
export const judgeDelivery = (system: System): void => {
  for (const { process, outbox } of system.stages) {
    hold(process.isRunning, rule, () => `${process.name} is not running`);
    const waiting = outbox.waiting(5);
    hold(waiting.length === 0, rule, () => `${process.name} has not published ${textOf(waiting)}`);
  }
  const { authorization, gateway, ledger, payments, pricing, reconciliation } = system;
  const consuming = [gateway, authorization, pricing, payments, ledger, reconciliation];
  for (const { process, consumer } of consuming) {
    hold(consumer?.hasCaughtUp() === true, rule, () => `${process.name} has not caught up`);
    const blocked = consumer?.blocked ?? [];
    hold(blocked.length === 0, rule, () => `${process.name} waits in ${blocked.join(', ')}`);
  }
  const calls = payments.tables.openCalls();
  hold(calls.length === 0, rule, () => `no answer to ${textOf(calls)}`);
  const notices = payments.tables.notices.values().filter(({ isHandled }) => !isHandled);
  hold(notices.length === 0, rule, () => `webhooks not handled: ${textOf(notices)}`);
  const commands = gateway.tables.commands.values().filter(({ status }) => status === 'pending');
  hold(commands.length === 0, rule, () => `commands not concluded: ${textOf(commands)}`);
  for (const { unanswered } of system.chargers) {
    const frames = [...unanswered].map(({ frame }) => frame);
    hold(frames.length === 0, 'every frame is answered', () => textOf(frames));
  }
};
