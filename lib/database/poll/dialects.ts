import type { DatabaseDriver } from '../driver';
import type { PollDialect } from './dialect';
import { sqliteDialect } from './sqlite-dialect';
import { sqlServerDialect } from './sqlserver-dialect';

export const dialectOf = (driver: DatabaseDriver): PollDialect =>
  driver.kind === 'sqlite' ? sqliteDialect : sqlServerDialect;
