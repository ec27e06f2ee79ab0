import { ExchangeError } from '../../errors';

/** Reading a part again makes no sense where the hospital's own status decides. */
export const noBackfill = (): ExchangeError =>
  new ExchangeError({
    code: 'CONFIG',
    retry: 'never',
    text: {
      zh: '只有“按更新时间”方式可以补采一段时间；状态标记或存储过程方式请在源表中把状态改回“新”',
      en: 'only polling by watermark can read a period again; otherwise set the status of the rows back to new',
    },
  });
