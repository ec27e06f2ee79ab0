/** What the simulated platform makes of a call before anything is kept or answered. */
import { reportMethods, soapMethods } from '../../contract/services';
import type { CheckOptions, Validation } from '../../contract/validate';
import type { SoapCall } from '../../soap/endpoint';
import type { Family } from '../faults/fault-kinds';
import { FAMILIES } from '../faults/fault-order';
import { readArchive } from './archive';
import { callInterface } from './call-interface';
import { type Fault, isRefused, refusalText } from './fault';
import { queryReports } from './query';
import { ReportStore } from './report-store';
import { SyncStore } from './sync-store';

export interface PlatformSimulatorOptions {
  /** What the hospital must show: an empty expectation is never met. */
  readonly operator: string;
  readonly appId: string;
  readonly organCode: string;
  readonly orgCode: string;
  readonly strCredential: string;
  readonly strKey: string;
  readonly viewerKey: string;
  readonly validation: Validation;
  /** What ArchiveAutoReport returns for an accepted report, which the agreement leaves open; default `1`. */
  readonly answers?: string;
  /** Seconds by which a Timestamp of a viewer page may differ from now; absent: any. */
  readonly timestampTolerance?: number;
  readonly now?: () => Date;
}

export interface Understood {
  /** As faults name it: without the kind of report. */
  readonly service: string;
  /** As the journal names it. */
  readonly title: string;
  /** Undefined for a call that names no service. */
  readonly family: Family | undefined;
  /** Report number; empty where the message has none. */
  readonly key: string;
  readonly faults: readonly Fault[];
  readonly answer: string;
  /** Keeps what an accepted call brought. */
  readonly keep: () => void;
}

const nothing = (): void => undefined;

export class PlatformServices {
  readonly reports = new ReportStore();
  readonly syncs = new SyncStore();
  readonly #options: PlatformSimulatorOptions;
  readonly #check: CheckOptions;
  readonly #now: () => Date;

  constructor(options: PlatformSimulatorOptions, now: () => Date) {
    this.#options = options;
    this.#check = { validation: options.validation, lengthUnit: 'char' };
    this.#now = now;
  }

  understand({ operation, parameters }: SoapCall): Understood {
    switch (operation) {
      case 'CallInterface': {
        const [header = '', body = ''] = soapMethods.CallInterface.map(name => parameters[name] ?? '');
        return this.#sync(header, body);
      }
      case 'ArchiveAutoReport':
        return this.#archive(parameters[reportMethods.ArchiveAutoReport.parameters[0]] ?? '');
      default:
        return this.#query(operation, parameters);
    }
  }

  #sync(header: string, body: string): Understood {
    const options = { ...this.#options, check: this.#check };
    const { service, answer, faults, records } = callInterface(header, body, options);
    return {
      service,
      title: service,
      family: FAMILIES.get(service),
      key: '',
      faults,
      answer,
      keep: () => {
        if (service !== 'CallInterface') this.syncs.save(service, records);
      },
    };
  }

  #archive(document: string): Understood {
    const { kind, reports, faults } = readArchive(document, {
      orgCode: this.#options.orgCode,
      check: this.#check,
    });
    const isFaulty = isRefused(faults);
    return {
      service: 'ArchiveAutoReport',
      title: `ArchiveAutoReport (${kind})`,
      family: 'report',
      key: reports.map(({ master }) => master['report_form_no'] ?? '').join(','),
      faults,
      answer: isFaulty ? `失败：${refusalText(faults)}` : (this.#options.answers ?? '1'),
      keep: () => {
        if (!isFaulty) for (const report of reports) this.reports.save(kind, report);
      },
    };
  }

  #query(operation: string, parameters: SoapCall['parameters']): Understood {
    const kind = operation === 'GetLabInfo' ? 'lab' : 'exam';
    const options = { ...this.#options, now: this.#now };
    const { answer, faults } = queryReports(kind, this.reports, parameters, options);
    return { service: operation, title: operation, family: 'query', key: '', faults, answer, keep: nothing };
  }
}
