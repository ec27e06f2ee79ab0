/** Style of the evidence report, on a screen and on paper (A4). */
export const REPORT_STYLE = `
:root{--ink:#1b2733;--soft:#5b6b7a;--line:#d5dde4;--back:#f5f7f9;--good:#2f7d4f;--bad:#b3372f;--open:#8a6d1f;--blue:#3b6ea5}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1040px;padding:32px 28px 64px;color:var(--ink);background:#fff;
 font:14px/1.55 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",sans-serif}
h1{font-size:26px;margin:0 0 4px}
h2{font-size:18px;margin:36px 0 10px;padding-bottom:4px;border-bottom:2px solid var(--line)}
h3{font-size:15px;margin:20px 0 6px}
small,.en{color:var(--soft);font-size:12px;font-weight:400}
h2 .en,h3 .en{margin-left:8px}
p{margin:6px 0}
dl.facts{display:grid;grid-template-columns:max-content 1fr max-content 1fr;gap:4px 16px;margin:16px 0}
dl.facts dt{color:var(--soft)}
dl.facts dd{margin:0}
.totals{display:flex;gap:14px;margin:20px 0}
.totals div{flex:1;padding:12px 16px;border:1px solid var(--line);border-radius:6px;background:var(--back)}
.totals b{display:block;font-size:28px;line-height:1.2}
.totals .good b{color:var(--good)}.totals .bad b{color:var(--bad)}.totals .open b{color:var(--open)}
table{width:100%;border-collapse:collapse;margin:8px 0;font-size:13px}
th,td{padding:5px 8px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{background:var(--back);font-weight:600;border-bottom:2px solid var(--line)}
th .en{display:block}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.id{font-family:ui-monospace,Consolas,monospace;font-size:11px;white-space:nowrap}
.badge{display:inline-block;padding:0 8px;border-radius:10px;border:1px solid;font-size:12px;font-weight:600;white-space:nowrap}
.badge.pass{color:var(--good)}.badge.fail{color:var(--bad)}.badge.open{color:var(--open)}
.bar{display:inline-block;width:90px;height:8px;margin-left:8px;background:var(--line);border-radius:4px;overflow:hidden;vertical-align:middle}
.bar span{display:block;height:100%;background:var(--blue)}
.bar.good span{background:var(--good)}
.classes{display:flex;height:14px;min-width:140px;border-radius:3px;overflow:hidden;background:var(--line)}
.classes span{display:block;height:100%}
.c0{background:#2f7d4f}.c1{background:#8bb174}.c2{background:#e0b64a}.c3{background:#d9793b}.c4{background:#b3372f}
.legend{display:flex;flex-wrap:wrap;gap:16px;font-size:12px;color:var(--soft)}
.legend i{display:inline-block;width:12px;height:12px;margin-right:5px;border-radius:2px;vertical-align:-1px}
svg{width:100%;height:auto;margin:8px 0}
svg text{font-size:11px;fill:var(--soft)}
svg line{stroke:var(--line)}
svg .answered,.legend .answered{fill:#3b6ea5;background:#3b6ea5}
svg .failed,.legend .failed{fill:#b3372f;background:#b3372f}
.none{color:var(--soft);padding:8px 0}
footer{margin-top:40px;padding-top:12px;border-top:1px solid var(--line);color:var(--soft);font-size:12px}
@page{size:A4;margin:14mm 12mm}
@media print{body{max-width:none;padding:0;font-size:11px}table{font-size:10px}h2{margin-top:22px}
 h2,h3,tr,svg,.totals{break-inside:avoid}h2,h3{break-after:avoid}thead{display:table-header-group}
 .bar,.classes,.totals div,svg,.legend i,th{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
