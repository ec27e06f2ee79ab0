/** What the hospital tells the platform about orders and bookings (3.3): noted by triggers, told in their order. */
import { ORDER_COLUMNS, ORDER_TABLES } from './sql';

/**
 * Triggers note every change in the transaction that makes it, so that none is lost whatever program makes it.
 * Only booked data is told: a new order is no booking, nor is a member of a group that nobody has booked.
 */
export const SYNC_SCHEMA = `
CREATE TABLE IF NOT EXISTS YJ_TBSJ (      -- 同步事件
  XH   INTEGER PRIMARY KEY AUTOINCREMENT, -- 序号
  LX   TEXT NOT NULL,                     -- 类型 KD开单 YY预约
  SQDH TEXT NOT NULL REFERENCES YJ_SQD,   -- 申请单号
  TBBZ TEXT NOT NULL DEFAULT '0',         -- 同步标志 0未同步 1成功 2拒绝
  FSSJ TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime')) -- 发生时间
);
CREATE INDEX IF NOT EXISTS YJ_TBSJ_TB ON YJ_TBSJ (LX, TBBZ, SQDH);
CREATE TRIGGER IF NOT EXISTS YJ_SQD_KD AFTER INSERT ON YJ_SQD
BEGIN INSERT INTO YJ_TBSJ (LX, SQDH) VALUES ('KD', NEW.SQDH); END;
CREATE TRIGGER IF NOT EXISTS YJ_YYB_YY AFTER INSERT ON YJ_YYB WHEN NEW.YYZT NOT IN ('未预约', '组合预约')
BEGIN INSERT INTO YJ_TBSJ (LX, SQDH) VALUES ('YY', NEW.SQDH); END;
CREATE TRIGGER IF NOT EXISTS YJ_YYB_BG AFTER UPDATE OF YYZT, HYDM ON YJ_YYB
BEGIN INSERT INTO YJ_TBSJ (LX, SQDH) VALUES ('YY', NEW.SQDH); END;`;

/** 3.3.1: one row for each order with an event in a state. */
export const ORDER_NOTICES = `
SELECT s.SQDH AS Hiskey, max(t.FSSJ) AS last_update_dtime, b.SFZH AS IdNo, b.KH AS SerialNo,
       substr(s.KDSJ, 1, 10) AS StartDate, substr(s.KDSJ, 1, 10) AS EndDate, '1' AS AreaCode, b.BRLY AS PatientType
  FROM YJ_TBSJ t
  JOIN YJ_SQD s ON s.SQDH = t.SQDH
  JOIN BRXX b ON b.BRID = s.BRID
 WHERE t.LX = 'KD' AND t.TBBZ = ? GROUP BY s.SQDH ORDER BY min(t.XH)`;

/** 3.3.2: one row for each booking with events in a state, as the booking is now. */
export const BOOKING_NOTICES = `
SELECT ${ORDER_COLUMNS}, b.BRLY AS PatientType, t.FSSJ AS last_update_dtime
  ${ORDER_TABLES}
  JOIN (SELECT SQDH, max(FSSJ) AS FSSJ, min(XH) AS XH FROM YJ_TBSJ
         WHERE LX = 'YY' AND TBBZ = ? GROUP BY SQDH) t ON t.SQDH = s.SQDH
 ORDER BY t.XH`;

/** Events that came after the row was read stay new. */
export const MARK_EVENTS = `
UPDATE YJ_TBSJ SET TBBZ = ? WHERE LX = ? AND TBBZ = '0' AND SQDH = ? AND FSSJ <= ?`;
