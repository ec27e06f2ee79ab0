-- 预约服务：平台调用的七个服务（规范 3.2），一个服务一个过程，由流程“预约服务”中的“接医院数据库”调用
-- Booking: one procedure for each of the seven services (3.2) that the platform calls at the hospital
-- 【改】标出医院自己的表名、列名和规则：请按本院的库修改。可重复运行。SQL Server 2008 及以上。
-- 【改】dbo.YJ_SQD 申请单，dbo.YJ_YYB 预约表（HYDM 号源代码，XGSJ 最后修改时间），dbo.YJ_HY 号源（ZYFZ 为空表示可约），dbo.YJ_JCXM 检查项目，dbo.YJ_JCKS 科室，dbo.HIS_SFXM 收费项目，dbo.BRXX 病人信息，dbo.YJ_HZD 回执单。
-- 预约和取消返回一行：success 为 Yes 或 No，error 为给患者看的原因。返回的列名就是规范的字段名。
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
-- 把清单拆成一段一行，按 n 的次序，空段也保留；2008 没有现成的函数
IF NOT EXISTS (SELECT 1 FROM sys.objects WHERE object_id = OBJECT_ID(N'dbo.ufn_exchange_split'))
  EXEC (N'CREATE FUNCTION dbo.ufn_exchange_split (@list nvarchar(max), @separator nchar(1)) RETURNS @parts TABLE (n int NOT NULL, part nvarchar(1000) NOT NULL) AS BEGIN RETURN; END');
GO
ALTER FUNCTION dbo.ufn_exchange_split (@list nvarchar(max), @separator nchar(1))
RETURNS @parts TABLE (n int NOT NULL PRIMARY KEY, part nvarchar(1000) NOT NULL)
AS
BEGIN
  DECLARE @n int, @from int, @to int;
  SELECT @n = 1, @from = 1, @to = CHARINDEX(@separator, @list + @separator);
  WHILE @to > 0
  BEGIN
    INSERT INTO @parts (n, part) VALUES (@n, LTRIM(RTRIM(SUBSTRING(@list, @from, @to - @from))));
    SELECT @n = @n + 1, @from = @to + 1;
    SET @to = CHARINDEX(@separator, @list + @separator, @from);
  END
  RETURN;
END
GO
-- 清单中的单据：先按单据号，没有时才按预约表编号（A-26），以免两种编号相同时动了别人的预约。找不到的 SQDH 为空
IF NOT EXISTS (SELECT 1 FROM sys.objects WHERE object_id = OBJECT_ID(N'dbo.ufn_exchange_named_orders'))
  EXEC (N'CREATE FUNCTION dbo.ufn_exchange_named_orders (@itemIDs nvarchar(4000)) RETURNS @named TABLE (id varchar(64) NOT NULL) AS BEGIN RETURN; END');
GO
ALTER FUNCTION dbo.ufn_exchange_named_orders (@itemIDs nvarchar(4000))
RETURNS @named TABLE (id varchar(64) NOT NULL, SQDH varchar(64) NULL)
AS
BEGIN
  DECLARE @list nvarchar(4000);
  SET @list = REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(@itemIDs, N';', N','), N'|', N','), N'，', N','), N'；', N','), N'｜', N','), N'、', N',');
  INSERT INTO @named (id)
  SELECT part FROM dbo.ufn_exchange_split(@list, N',') WHERE part <> N'';
  UPDATE i SET i.SQDH = s.SQDH FROM @named AS i INNER JOIN dbo.YJ_SQD AS s ON s.SQDH = i.id;
  UPDATE i SET i.SQDH = y.SQDH FROM @named AS i INNER JOIN dbo.YJ_YYB AS y ON y.YYID = i.id WHERE i.SQDH IS NULL;
  RETURN;
END
GO
-- 回执参数中的分组：一条九段，以 | 分隔，多条以 ; 分隔；第 1 段是分组编号，第 3 段是预约表编号。why 不为空时不给回执单
IF NOT EXISTS (SELECT 1 FROM sys.objects WHERE object_id = OBJECT_ID(N'dbo.ufn_exchange_receipt_groups'))
  EXEC (N'CREATE FUNCTION dbo.ufn_exchange_receipt_groups (@receiptItems nvarchar(max)) RETURNS @groups TABLE (FZID varchar(64) NOT NULL) AS BEGIN RETURN; END');
GO
ALTER FUNCTION dbo.ufn_exchange_receipt_groups (@receiptItems nvarchar(max))
RETURNS @groups TABLE (FZID varchar(64) NOT NULL, why nvarchar(200) NULL)
AS
BEGIN
  -- 两个编号须相符：只猜对分组编号的，看不到别人的回执单
  INSERT INTO @groups (FZID, why)
  SELECT asked.FZID,
         MAX(CASE WHEN y.YYID IS NULL THEN N'预约 ' + asked.YYID + N' 不存在'
                  WHEN y.HYDM IS NULL THEN N'分组 ' + asked.FZID + N' 尚未预约，没有回执单' END)
    FROM (SELECT CONVERT(varchar(64), ISNULL(g.part, N'')) AS FZID, CONVERT(varchar(64), ISNULL(o.part, N'')) AS YYID
            FROM dbo.ufn_exchange_split(@receiptItems, N';') AS r
           OUTER APPLY (SELECT part FROM dbo.ufn_exchange_split(r.part, N'|') WHERE n = 1) AS g
           OUTER APPLY (SELECT part FROM dbo.ufn_exchange_split(r.part, N'|') WHERE n = 3) AS o
           WHERE r.part <> N'') AS asked
    LEFT JOIN (SELECT s.FZID, b.YYID, b.HYDM FROM dbo.YJ_SQD AS s INNER JOIN dbo.YJ_YYB AS b ON b.SQDH = s.SQDH) AS y
           ON y.FZID = asked.FZID AND y.YYID = asked.YYID
   GROUP BY asked.FZID;
  IF NOT EXISTS (SELECT 1 FROM @groups) INSERT INTO @groups (FZID, why) VALUES ('', N'未提供回执参数');
  RETURN;
END
GO
-- 3.2.1 开单项目：某卡号在两个日期之间（含）的开单
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_exam_items'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_exam_items AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_exam_items
  @patientNo varchar(50),
  @startDate varchar(10),
  @endDate varchar(10)
AS
BEGIN
  SET NOCOUNT ON;
  SELECT s.SQDH AS Hiskey, b.KH AS SerialNo, b.BRID AS Patientid,
         s.KDKS AS BillDept, s.KSMC AS BillDeptName, s.YSGH AS BillDoctorCode, s.YSXM AS BillDoctorName,
         CONVERT(char(19), s.KDSJ, 120) AS Date, x.XMBH AS InspectionItemID, x.XMDM AS LabCode, x.XMMC AS LabName,
         x.DJ AS LabPrice, s.FZID AS GroupId, s.FZXH AS GroupSort, y.YYID AS OrderID, y.ZYID AS PrintAppointmentID,
         y.LSBZ AS AppointmentFlag, ISNULL(CONVERT(char(10), h.HYRQ, 120) + ' ' + h.KSSJ + '~' + h.JSSJ, '') AS AppointmentTime,
         y.YYZT AS AppointmentStatus, x.XMMS AS Description, x.ZYSX AS PartNotes, x.WXTS AS FriendlyReminder
    FROM dbo.YJ_SQD AS s
   INNER JOIN dbo.BRXX AS b ON b.BRID = s.BRID
   INNER JOIN dbo.YJ_JCXM AS x ON x.XMDM = s.XMDM
   INNER JOIN dbo.YJ_YYB AS y ON y.SQDH = s.SQDH
    LEFT JOIN dbo.YJ_HY AS h ON h.HYDM = y.HYDM
   WHERE b.KH = @patientNo
     AND s.KDSJ >= CONVERT(datetime, @startDate, 120)
     AND s.KDSJ < DATEADD(day, 1, CONVERT(datetime, @endDate, 120))
   ORDER BY s.KDSJ, s.SQDH;
END
GO
-- 3.2.2 号源：某项目某天还能约的号
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_signal_sources'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_signal_sources AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_signal_sources
  @labCode varchar(50),
  @bookDate varchar(10)
AS
BEGIN
  SET NOCOUNT ON;
  SELECT h.BC AS Frequency, h.HYDM AS SourceId, h.XH AS [Sequence], CONVERT(char(10), h.HYRQ, 120) AS Date,
         h.KSSJ + '~' + h.JSSJ AS Time
    FROM dbo.YJ_HY AS h
   WHERE h.XMDM = @labCode AND h.HYRQ = CONVERT(datetime, @bookDate, 120) AND h.ZYFZ IS NULL
   ORDER BY h.KSSJ, h.XH;
END
GO
-- 3.2.3 预约：全部成功或全部不预约（A-25）；组合项目整组约在一个号上；已约在同一号上的再次预约仍回答成功（A-29i）
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_medical_appoint'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_medical_appoint AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_medical_appoint
  @patientNo varchar(50),
  @itemIDs nvarchar(4000), -- 单据号，逗号分隔
  @sourceid varchar(200) = '' -- 空：默认预约，取最早的空号
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  SET @sourceid = ISNULL(@sourceid, '');
  DECLARE @ids TABLE (id varchar(64) NOT NULL, SQDH varchar(64) NULL);
  DECLARE @orders TABLE ( -- 【改】类型与排序规则须与表中的列相同
                         SQDH varchar(64) NOT NULL PRIMARY KEY, FZID varchar(64) NOT NULL, FZXH int NOT NULL, XMDM varchar(64) NOT NULL,
                         KH varchar(64) NOT NULL, YYZT nvarchar(20) NOT NULL, HYDM varchar(200) NULL);
  DECLARE @bad varchar(64), @group varchar(64), @main varchar(64), @item varchar(64), @status nvarchar(20), @has varchar(200), @slot varchar(200);
  BEGIN TRY
    INSERT INTO @ids (id, SQDH) SELECT id, SQDH FROM dbo.ufn_exchange_named_orders(@itemIDs);
    IF NOT EXISTS (SELECT 1 FROM @ids) RAISERROR (N'未提供单据号', 16, 1);
    IF @sourceid <> '' AND (SELECT COUNT(*) FROM @ids) > 1 RAISERROR (N'指定号源时只能预约一张单据', 16, 1);
    BEGIN TRAN;
    INSERT INTO @orders (SQDH, FZID, FZXH, XMDM, KH, YYZT, HYDM)
    SELECT s.SQDH, s.FZID, s.FZXH, s.XMDM, b.KH, y.YYZT, y.HYDM
      FROM dbo.YJ_SQD AS s
     INNER JOIN dbo.BRXX AS b ON b.BRID = s.BRID
     INNER JOIN dbo.YJ_YYB AS y WITH (UPDLOCK, ROWLOCK) ON y.SQDH = s.SQDH -- 两个请求不能同时改一张单
     WHERE s.FZID IN (SELECT s2.FZID FROM dbo.YJ_SQD AS s2 INNER JOIN @ids AS i ON i.SQDH = s2.SQDH);
    SELECT TOP (1) @bad = i.id FROM @ids AS i
     WHERE NOT EXISTS (SELECT 1 FROM @orders AS o WHERE o.SQDH = i.SQDH);
    IF @bad IS NOT NULL RAISERROR (N'单据 %s 不存在', 16, 1, @bad);
    SELECT TOP (1) @bad = o.SQDH FROM @orders AS o WHERE o.KH <> @patientNo;
    IF @bad IS NOT NULL RAISERROR (N'单据 %s 不属于该卡号', 16, 1, @bad);
    SELECT TOP (1) @bad = o.SQDH, @status = o.YYZT FROM @orders AS o WHERE o.YYZT IN (N'已签到', N'已检查', N'已报告'); -- 【改】不能再约的状态
    IF @bad IS NOT NULL RAISERROR (N'单据 %s %s，禁止预约', 16, 1, @bad, @status);
    SELECT @group = MIN(FZID) FROM @orders;
    WHILE @group IS NOT NULL
    BEGIN
      SELECT TOP (1) @main = SQDH, @item = XMDM, @status = YYZT, @has = HYDM FROM @orders WHERE FZID = @group ORDER BY FZXH;
      IF @status IN (N'已预约', N'自动组合预约')
      BEGIN
        IF @sourceid <> '' AND @sourceid <> ISNULL(@has, '') RAISERROR (N'单据 %s 已预约其他号源，请先取消', 16, 1, @main);
      END
      ELSE
      BEGIN
        SET @slot = NULL;
        IF @sourceid = ''
        BEGIN
          -- 不用 READPAST：两人同时预约时，后一个等前一个，而不是误报“没有可用号源”
          SELECT TOP (1) @slot = h.HYDM FROM dbo.YJ_HY AS h WITH (UPDLOCK, ROWLOCK)
           WHERE h.XMDM = @item AND h.HYRQ >= DATEADD(day, DATEDIFF(day, 0, GETDATE()), 0) AND h.ZYFZ IS NULL
           ORDER BY h.HYRQ, h.KSSJ, h.XH;
          IF @slot IS NULL RAISERROR (N'单据 %s 没有可用号源', 16, 1, @main);
        END
        ELSE
        BEGIN
          SELECT @slot = h.HYDM FROM dbo.YJ_HY AS h WITH (UPDLOCK, ROWLOCK) WHERE h.HYDM = @sourceid;
          IF @slot IS NULL RAISERROR (N'号源不存在', 16, 1);
          IF NOT EXISTS (SELECT 1 FROM dbo.YJ_HY WHERE HYDM = @slot AND XMDM = @item) RAISERROR (N'号源与检查项目不符', 16, 1);
        END
        UPDATE dbo.YJ_HY SET ZYFZ = @group WHERE HYDM = @slot AND ZYFZ IS NULL;
        IF @@ROWCOUNT = 0 RAISERROR (N'号源已被占用', 16, 1);
        -- 日期、时间和最后修改时间供预约同步（3.3.2）的视图使用
        UPDATE y SET y.YYZT = CASE WHEN o.SQDH = @main THEN N'已预约' ELSE N'自动组合预约' END, y.HYDM = h.HYDM,
               y.YYRQ = h.HYRQ, y.KSSJ = h.KSSJ, y.JSSJ = h.JSSJ, y.XGSJ = GETDATE()
          FROM dbo.YJ_YYB AS y INNER JOIN @orders AS o ON o.SQDH = y.SQDH
         INNER JOIN dbo.YJ_HY AS h ON h.HYDM = @slot
         WHERE o.FZID = @group;
      END
      SELECT @group = MIN(FZID) FROM @orders WHERE FZID > @group;
    END
    COMMIT;
    SELECT 'Yes' AS success, N'' AS error;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK;
    DECLARE @why nvarchar(400), @number int, @line int;
    SELECT @why = ERROR_MESSAGE(), @number = ERROR_NUMBER(), @line = ERROR_LINE();
    IF @number IN (1205, 1222) SET @why = N'医院系统忙，请稍后再试'; -- 死锁、等待锁超时
    -- 其余是本过程或库的错误：报给 Node-RED 的日志，不把内部文字告诉患者
    IF @number NOT IN (50000, 1205, 1222) RAISERROR (N'数据库错误 %d，过程第 %d 行', 16, 1, @number, @line);
    ELSE SELECT 'No' AS success, @why AS error;
  END CATCH
END
GO
-- 3.2.4 取消预约：全部取消或全部不取消；组合项目整组取消；已取消的再次取消仍回答成功
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_cancel_appoint'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_cancel_appoint AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_cancel_appoint
  @itemIDs nvarchar(4000) -- 单据号或预约表编号，逗号分隔
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  DECLARE @ids TABLE (id varchar(64) NOT NULL, SQDH varchar(64) NULL);
  DECLARE @orders TABLE ( -- 【改】类型与排序规则须与表中的列相同
                         SQDH varchar(64) NOT NULL PRIMARY KEY, FZID varchar(64) NOT NULL, FZXH int NOT NULL, XMDM varchar(64) NOT NULL,
                         KH varchar(64) NOT NULL, YYZT nvarchar(20) NOT NULL, HYDM varchar(200) NULL);
  DECLARE @bad varchar(64), @status nvarchar(20);
  BEGIN TRY
    INSERT INTO @ids (id, SQDH) SELECT id, SQDH FROM dbo.ufn_exchange_named_orders(@itemIDs);
    IF NOT EXISTS (SELECT 1 FROM @ids) RAISERROR (N'未提供单据号', 16, 1);
    BEGIN TRAN;
    INSERT INTO @orders (SQDH, FZID, FZXH, XMDM, KH, YYZT, HYDM)
    SELECT s.SQDH, s.FZID, s.FZXH, s.XMDM, b.KH, y.YYZT, y.HYDM
      FROM dbo.YJ_SQD AS s
     INNER JOIN dbo.BRXX AS b ON b.BRID = s.BRID
     INNER JOIN dbo.YJ_YYB AS y WITH (UPDLOCK, ROWLOCK) ON y.SQDH = s.SQDH -- 两个请求不能同时改一张单
     WHERE s.FZID IN (SELECT s2.FZID FROM dbo.YJ_SQD AS s2 INNER JOIN @ids AS i ON i.SQDH = s2.SQDH);
    SELECT TOP (1) @bad = i.id FROM @ids AS i
     WHERE NOT EXISTS (SELECT 1 FROM @orders AS o WHERE o.SQDH = i.SQDH);
    IF @bad IS NOT NULL RAISERROR (N'单据 %s 不存在', 16, 1, @bad);
    SELECT TOP (1) @bad = o.SQDH, @status = o.YYZT FROM @orders AS o WHERE o.YYZT IN (N'已签到', N'已检查', N'已报告'); -- 【改】不能取消的状态
    IF @bad IS NOT NULL RAISERROR (N'单据 %s %s，不能取消', 16, 1, @bad, @status);
    SELECT TOP (1) @bad = o.SQDH FROM @orders AS o
     WHERE o.YYZT = N'未预约' AND o.FZXH = (SELECT MIN(m.FZXH) FROM @orders AS m WHERE m.FZID = o.FZID);
    IF @bad IS NOT NULL RAISERROR (N'单据 %s 尚未预约', 16, 1, @bad);
    UPDATE dbo.YJ_HY SET ZYFZ = NULL WHERE ZYFZ IN (SELECT FZID FROM @orders);
    UPDATE y SET y.HYDM = NULL, y.XGSJ = GETDATE(), -- 日期和时间保留，取消的通知中要用
           y.YYZT = CASE WHEN o.FZXH = (SELECT MIN(m.FZXH) FROM @orders AS m WHERE m.FZID = o.FZID) THEN N'已取消' ELSE N'组合预约' END
      FROM dbo.YJ_YYB AS y INNER JOIN @orders AS o ON o.SQDH = y.SQDH;
    COMMIT;
    SELECT 'Yes' AS success, N'' AS error;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK;
    DECLARE @why nvarchar(400), @number int, @line int;
    SELECT @why = ERROR_MESSAGE(), @number = ERROR_NUMBER(), @line = ERROR_LINE();
    IF @number IN (1205, 1222) SET @why = N'医院系统忙，请稍后再试'; -- 死锁、等待锁超时
    -- 其余是本过程或库的错误：报给 Node-RED 的日志，不把内部文字告诉患者
    IF @number NOT IN (50000, 1205, 1222) RAISERROR (N'数据库错误 %d，过程第 %d 行', 16, 1, @number, @line);
    ELSE SELECT 'No' AS success, @why AS error;
  END CATCH
END
GO
-- 3.2.5 回执单 PDF：一组一个文件，列名 item
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_receipt_pdf'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_receipt_pdf AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_receipt_pdf
  @receiptItems nvarchar(max)
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @groups TABLE (FZID varchar(64) NOT NULL PRIMARY KEY, why nvarchar(200) NULL);
  INSERT INTO @groups (FZID, why) SELECT FZID, why FROM dbo.ufn_exchange_receipt_groups(@receiptItems);
  IF EXISTS (SELECT 1 FROM @groups WHERE why IS NOT NULL)
  BEGIN
    SELECT TOP (1) 'No' AS success, why AS error FROM @groups WHERE why IS NOT NULL;
    RETURN;
  END
  SELECT z.HZNR AS item -- 【改】回执单文件，varbinary(max)
    FROM dbo.YJ_HZD AS z
   INNER JOIN @groups AS g ON g.FZID = z.FZID
   ORDER BY z.FZID;
END
GO
-- 3.2.6 回执单 XML：一项一行，GroupId 相同的由节点合成一张
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_receipt_rows'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_receipt_rows AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_receipt_rows
  @receiptItems nvarchar(max)
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @groups TABLE (FZID varchar(64) NOT NULL PRIMARY KEY, why nvarchar(200) NULL);
  INSERT INTO @groups (FZID, why) SELECT FZID, why FROM dbo.ufn_exchange_receipt_groups(@receiptItems);
  IF EXISTS (SELECT 1 FROM @groups WHERE why IS NOT NULL)
  BEGIN
    SELECT TOP (1) 'No' AS success, why AS error FROM @groups WHERE why IS NOT NULL;
    RETURN;
  END
  SELECT s.FZID AS GroupId, b.BRID AS PatientID, b.KH AS SerialNo, b.BRLY AS PatientType, b.FYLB AS FeeType, b.XM AS PatientName,
         b.XB AS PatientSex, b.NL AS PatientAge, b.TZ AS Weight, b.LXDH AS PatientPhone, b.MZH AS ClinicNo,
         s.KSMC AS PatientArea, '' AS BedNo, s.ZS AS ChiefComplaint, s.ZD AS Diagnosis, CONVERT(char(19), s.KDSJ, 120) AS BillDate,
         s.YSXM AS BillDoctorName, s.YSSM AS DoctorNote, x.XMMC AS HisName, N'不麻醉' AS AnesthesiaFlag,
         N'徒步' AS Transmethod, x.WXTS AS ReminderMsg, x.ZYSX AS AttentionMsg,
         CONVERT(char(10), h.HYRQ, 120) + ' ' + h.KSSJ + ':00' AS StartAppointmentTime,
         CONVERT(char(10), h.HYRQ, 120) + ' ' + h.JSSJ + ':00' AS EndAppointmentTime,
         h.XH AS EnqueueNum, k.KSMC AS DepartmentName, k.KSDZ AS Address, k.LXDH AS DepartmentCall, '' AS OtherPhone
    FROM dbo.YJ_SQD AS s
   INNER JOIN @groups AS g ON g.FZID = s.FZID
   INNER JOIN dbo.BRXX AS b ON b.BRID = s.BRID
   INNER JOIN dbo.YJ_JCXM AS x ON x.XMDM = s.XMDM
   INNER JOIN dbo.YJ_JCKS AS k ON k.KSDM = x.KSDM
   INNER JOIN dbo.YJ_YYB AS y ON y.SQDH = s.SQDH
   INNER JOIN dbo.YJ_HY AS h ON h.HYDM = y.HYDM
   ORDER BY s.FZID, s.FZXH;
END
GO
-- 3.2.7 检查项目：名称或拼音含有所给文字；名称/拼音两半分别匹配
IF NOT EXISTS (SELECT 1 FROM sys.procedures WHERE object_id = OBJECT_ID(N'dbo.usp_exchange_item_info'))
  EXEC (N'CREATE PROCEDURE dbo.usp_exchange_item_info AS RETURN 0');
GO
ALTER PROCEDURE dbo.usp_exchange_item_info
  @examItemName nvarchar(200)
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @name nvarchar(200), @pinyin nvarchar(200);
  SET @name = LTRIM(RTRIM(LEFT(@examItemName, CHARINDEX(N'/', @examItemName + N'/') - 1)));
  SET @pinyin = LTRIM(RTRIM(SUBSTRING(@examItemName, CHARINDEX(N'/', @examItemName + N'/') + 1, 200)));
  IF @pinyin = N'' SET @pinyin = @name;
  IF @name = N'' SET @name = @pinyin;
  SELECT k.KSDM AS examDeptCode, k.KSMC AS examDeptName, k.PYDM AS examDeptPycode, k.KSDZ AS examDeptAddress,
         k.LXDH AS examDeptTelphone, x.XMDM AS examItemCode, x.XMMC AS examItemName, x.PYDM AS itemNamePYCode,
         x.WXTS AS friendlyReminder, f.SFDM AS hisItemCode, f.SFMC AS hisItemName, f.PYDM AS hisItemPYCode,
         f.DJ AS examItemPrice, f.ZYSX AS announcements
    FROM dbo.YJ_JCXM AS x
   INNER JOIN dbo.YJ_JCKS AS k ON k.KSDM = x.KSDM
   INNER JOIN dbo.HIS_SFXM AS f ON f.XMDM = x.XMDM
   WHERE @name <> N'' -- 文字按原样匹配，不当作通配符
     AND (CHARINDEX(@name, x.XMMC) > 0 OR CHARINDEX(@name, x.PYDM) > 0 OR CHARINDEX(@pinyin, x.XMMC) > 0 OR CHARINDEX(@pinyin, x.PYDM) > 0)
   ORDER BY k.KSDM, x.XMDM, f.SFDM;
END
GO
