import type { Command } from 'commander';
import { openInventoryOf } from '../../cloud/account/open.ts';
import type { Inventory } from '../../cloud/inventory.ts';
import { pricesOf } from '../../cloud/prices.ts';
import { answer, settingsOf } from '../../operation/command-line.ts';
import { screenColumns } from '../../operation/wrap.ts';
import type { Context } from '../context.ts';
import { examine } from '../doctor/observations.ts';
import { withWorld } from '../look-commands.ts';
import type { World } from '../observe.ts';
import { type Bill, billOf } from './bill.ts';
import { billText } from './bill-text.ts';
import { addressItems, storageItems } from './kept-items.ts';
import { machineItems } from './machine-items.ts';
import { snapshotItems } from './snapshot-items.ts';

export function addCostCommand(program: Command): void {
  program
    .command('cost')
    .description('what the account is billed for, why each thing is there, and what nothing needs; touches nothing')
    .action((_options, command: Command) =>
      withWorld(command, async (context, world) => {
        const inventory = openInventoryOf(await settingsOf(command), process.env);
        const bill = await readBill(context, world, inventory);
        answer(command, bill, billText(bill, screenColumns()));
      }),
    );
}

export async function readBill(context: Context, world: World, inventory: Inventory): Promise<Bill> {
  const { settings, cloud } = context;
  const [seen, plans, holder, addresses, storages] = await Promise.all([
    examine(context, world),
    cloud.plans(),
    cloud.account(),
    cloud.reservedIps(),
    inventory.objectStorages(),
  ]);
  const prices = pricesOf(settings.config);
  const items = [
    ...machineItems(seen, plans),
    ...addressItems(settings, addresses, seen.tagged, prices),
    ...storageItems(settings, storages ?? [], prices),
    ...snapshotItems(seen, prices),
  ];
  return billOf(settings.environment, items, {
    pending: holder.pendingCharges,
    hidden: storages === undefined ? ['object storage'] : [],
  });
}
