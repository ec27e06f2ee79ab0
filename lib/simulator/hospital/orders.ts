/** Writes orders as a doctor's workstation does: numbered, in groups, each with its place in the booking table. */
import * as data from './seed-data';
import { type Source, insert, time } from './source';
import * as sql from './sql';

export class OrderWriter {
  readonly #source: Source;
  readonly #day: string;
  #orders: number;
  #groups: number;

  /** Goes on from the orders that are there. `day` (`yyyy-MM-dd`) is that of the new ones. */
  constructor(source: Source, day: string) {
    this.#source = source;
    this.#day = day;
    const { orders, groups } = source.database.get(sql.ORDER_NUMBERS) ?? {};
    this.#orders = Number(orders ?? 0);
    this.#groups = Number(groups ?? 0);
  }

  /**
   * One order for each item, all of one group; the first is the main item and carries `status`. Gives the main item's
   * Hiskey.
   */
  add(patient: string, items: readonly string[], status: string): string {
    const { database, random } = this.#source;
    const [department, departmentName] = random.pick(data.ORDERING_DEPARTMENTS);
    const [doctor, doctorName] = random.pick(data.DOCTORS);
    const group = `99${patient.replace('-0', '')}-${String(++this.#groups).padStart(2, '0')}`;
    const mainOrder = hiskey(this.#orders + 1);
    const mainAppointment = String(90_001 + this.#orders);
    items.forEach((item, at) => {
      const order = hiskey(++this.#orders);
      insert(database, 'YJ_SQD', {
        SQDH: order,
        BRID: patient,
        XMDM: item,
        KDKS: department,
        KSMC: departmentName,
        YSGH: doctor,
        YSXM: doctorName,
        KDSJ: `${this.#day} ${time(8, String(this.#orders % 60).padStart(2, '0'))}:00`,
        FZID: group,
        FZXH: String(at + 1),
        ZS: at === 0 ? data.AWKWARD_TEXT : '',
        ZD: '测试诊断，待查',
        YSSM: '请\n加急 ]]> &',
      });
      insert(database, 'YJ_YYB', {
        YYID: String(90_000 + this.#orders),
        SQDH: order,
        ZYID: at === 0 ? '0' : mainAppointment,
        LSBZ: '1',
        YYZT: at === 0 ? status : '组合预约',
      });
    });
    return mainOrder;
  }
}

const hiskey = (number: number): string => `TEST${String(number).padStart(10, '0')}`;
