"""The words of a story's steps in six languages: denied, closed, in talks, rumoured, announced, changed. Data only."""

from __future__ import annotations

import re

DENIED = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|refut(?:es|ed)|debunk\w*|rejects? (?:reports?|claims?|rumou?rs?)|"
    r"(?:reports?|claims?|rumou?rs?|story) (?:is |are |as |was |were )?(?:\w+ )?(?:false|untrue|not true)|"
    r"no (?:plans?|talks?|intention)\b|no deal\b(?! details)|"
    r"not (?:in talks|for sale|(?:currently )?(?:raising|seeking|planning|considering|selling|buying))|"
    r"isn't (?:in talks|for sale|raising|selling)|won't (?:buy|acquire|sell|invest|raise|proceed|go ahead)|"
    r"(?:call(?:s|ed)?|calling) off|called-off|(?:talks?|negotiations) (?:have |had )?(?:ends?\b|ended)|"
    r"(?:deal|talks?|merger|acquisition|takeover|bid|offer|negotiations|sale|round|investment|plans?|"
    r"partnership) (?:has |have |had |is |are |was |were )?(?:been )?"
    r"(?:collaps\w*|fall\w* (?:through|apart)|fell (?:through|apart)|(?:break\w*|broke) down|scrapped|dropped|"
    r"abandoned|cancel+ed|blocked|terminated|rejected|withdrawn|dead\b|off\b(?! the)|unravel\w*)|"
    r"(?:scraps?|scrapped|abandons?|abandoned|cancels?|cancel+ed|pulls? out|pulled out|backs? out|backed out|"
    r"walks? away|walked away|withdraws?|withdrew|blocks?|blocked|terminates?|rejects?|rejected|halts?|halted|"
    r"shelves|shelved|"
    r"unwinds?|unwinding|undo(?:es|ing)?|reverses?|reversing|backtracks?(?: on)?|rescinds?|rebuffs?|rebuffed|"
    r"turn(?:s|ed) down|spurns?) (?:\S+ ){0,6}?(?:deal|talks?|merger|acquisition|takeover|"
    r"bid|offer|plans?|purchase|sale|funding|investment|round|IPO|partnership|buyout)|"
    r"(?:drops?|dropped) (?:\S+ ){0,4}?(?:bid|plans?|offer|talks|pursuit|acquisition|takeover|merger|purchase|IPO))|"
    r"\b(?:dément\w*|nie(?! )|renonce|abandonne|annul[ée]\w*|rejette l'offre|dementiert\w*|bestreitet|"
    r"weist \w+ zurück|geplatzt|gescheitert|abgesagt|desmiente\w*|niega|descarta|cancela(?!r)|rechaza)|"
    r"否认|否認|辟谣|不实|叫停|终止收购|放弃收购|放棄|告吹|破裂|否定|撤回|中止|白紙",
    re.I,
)
#: a launch is called off in fewer words: "blocks" and "rejects" are what products do
DENIED_LAUNCH = re.compile(
    r"\b(?:den(?:y|ies|ied|ying) (?:\S+ ){0,4}?(?:report|rumou?r|claim|plan|work|it|that|build|launch|develop|"
    r"releas)\w*|"
    r"(?:reports?|claims?|rumou?rs?|story) (?:is |are |as |was |were )?(?:\w+ )?(?:false|untrue|not true)|"
    r"no plans? (?:to|for)\b|(?:scraps?|scrapped|cancels?|cancel+ed|abandons?|abandoned|shelves|shelved|axes|axed) "
    r"(?:\S+ ){0,4}?(?:launch|release|plans?|rollout|model|project|product|device|chip)|won't (?:launch|release|ship)|"
    r"(?:launch|release|rollout|project) (?:has been |is |was )?(?:cancel+ed|scrapped|shelved|called off))|"
    r"\b(?:dément\w*|dementiert\w*|desmiente\w*)|否认|否認|辟谣|取消发布|開発中止|発売中止",
    re.I,
)
#: "does not deny" and "no plans to stop" deny nothing
NOT_DENIED = re.compile(
    r"(?:possible|potential|prepar\w+ (?:for|to)|could|might|may|urge[sd]? to|threat\w* to|risk of|want\w* to|"
    r"(?:ask|call)\w* (?:for|to)) (?:\S+ ){0,4}?(?:unwind|undo|block|cancel|scrap|revers|collaps|terminat|reject|"
    r"call off|abandon|drop)\w*|"
    r"(?:not|n't|neither|without|declin\w+ to|refus\w+ to|never) (?:\w+ )?(?:den(?:y|ied|ying|ies)|rul\w+ out)|"
    r"no plans? to (?:stop|slow|leave|change|shut)|未否认|没有否认",
    re.I,
)

CLOSED = re.compile(
    r"\b(?:(?:has |have |had )?(?:completes?|completed|finali[sz]es?|finali[sz]ed|finishes|wraps? up|wrapped up|"
    r"concludes?|concluded|closes|closed) "
    r"(?:\S+ ){0,7}?(?:acquisition|deal|purchase|merger|takeover|buyout|round|funding|financing|investment|"
    r"transaction|raise|sale|IPO|share sale|tender)|"
    r"(?:acquisition|deal|purchase|merger|takeover|transaction|round|financing|sale|investment) (?:\S+ )?(?:is |was |"
    r"has |has been |now |officially |been )*(?:completed?\b|closed|closes|finali[sz]ed|done\b)|"
    r"clos(?:es|ed) (?:on )?(?:an? |its |their |the |new )?(?:\S+ ){0,3}?(?:[$€£¥₹]|\d)|(?:officially|"
    r"now) (?:part of|owns|joins?)|"
    r"(?:wins?|won|gets?|got|receives?|clears?|cleared) (?:\S+ ){0,4}?(?:regulatory |antitrust |final )?(?:approval|"
    r"clearance)(?: \S+){0,4} (?:deal|acquisition|takeover|merger|purchase)|"
    r"begins? trading|began trading|(?:shares|stock) (?:debut|soar|jump|surge|pop|rise|"
    r"open)\w* (?:\S+ ){0,4}?(?:debut|IPO|listing)|market debut|"
    r"(?:debuts?|lists?|goes public) on (?:the )?(?:nasdaq|nyse))|"
    r"\b(?:finalise|a finalisé|boucle|a bouclé|clôture|schließt \S+ (?:\S+ ){0,5}ab\b|abgeschlossen|cierra (?:una |"
    r"su |la |ronda)|completa la|completó)|"
    r"完成(?:了)?[^，。]{0,14}(?:轮|輪|融资|融資|收购|收購|交割|并购|募资|投资)|(?:收购|交易|融资)(?:已|正式)?完成|"
    r"正式完成|買収(?:を)?完了|完了した|クロージング",
    re.I,
)
#: "expected to close", "yet to close", "close to a deal" are not closed
NOT_CLOSED = re.compile(
    r"(?:expect\w*|set|yet|due|likely|plan\w*|aim\w*|hop\w*|about|subject|pending|unable|fail\w*|near\w*|not|n't|"
    r"before|if|when|will|would|could|may|might) "
    r"(?:\S+ ){0,3}?(?:to )?(?:be )?(?:complet\w*|clos(?:e|es|ed|ing)\b|finali[sz]\w*)|"
    r"\bclos(?:e|er|ing in) (?:to|on)\b|closed[- ](?:source|beta|model|door|weight|loop)|behind closed|"
    r"预计[^，。]{0,12}完成|将完成|完了予定|完了する見込み",
    re.I,
)

TALKS = re.compile(
    r"\b(?:(?:in|holds?|held|holding|advanced|early|late|exploratory|preliminary|final|active|ongoing|began|begun|"
    r"starts?|started|enters?|resum\w+|"
    r"reopen\w*|deal|funding|merger|acquisition|takeover|investment|financing|partnership|sale|acquire|having|"
    r"hosting|buyout) (?:\w+ )?(?:talks?|discussions?|negotiations?|conversations)|"
    r"talks (?:to|with|over|about|for|on|underway)|negotiat(?:es|ing|ed|e)\b|discuss(?:es|ing|ed)? (?:an? |the |"
    r"raising|buying|selling|acquiring|\w+ )?(?:\S+ ){0,3}?"
    r"(?:deal|investment|stake|round|funding|sale|acquisition|raising|takeover|partnership|purchase|merger|valuation|"
    r"buying)|"
    r"near(?:s|ing)? (?:an? |the |\S+ ){0,4}?(?:deal|agreement|funding|investment|acquisition|round|merger|venture)|"
    r"close to (?:an? |the |\S+ ){0,4}?(?:deal|agreement|raising|finali[sz]ing|acquiring|buying|closing|investing|"
    r"round|funding)|"
    r"term sheets?|due diligence|in (?:the )?process of (?:raising|acquiring|buying)|fielding (?:offers|interest)|"
    r"weigh(?:s|ing)? (?:offers|bids)|bidding (?:war)?|makes? (?:an? )?(?:\S+ )?bid|bids? for|"
    r"(?:en|des) (?:pourparlers|négociations?|discussions?)|négocie|discute|in gesprächen|verhandel\w*|verhandlungen|"
    r"gespräche|negocia\w*|en conversaciones|conversaciones)|"
    r"洽谈|洽談|谈判|談判|磋商|商谈|商討|正就|接洽|協議中|交渉",
    re.I,
)
RUMOUR = re.compile(
    r"\b(?:reportedly|report(?:s|ed)?:|sources?:|sources? (?:say|says|said|tell)|(?:people|person|those) familiar|"
    r"according to (?:a )?(?:report|sources?|people|the information|bloomberg)|"
    r"rumou?r\w*|leak(?:s|ed|er)?\b|is said to|are said to|said to be|allegedly|report says?|reports? (?:say|suggest|"
    r"claim)\w*|insiders?|tipped|hints? at|speculat\w*|"
    r"(?:may|might|could) (?:be |soon |also )?(?:\w+ )?(?:launch|buy|acquire|raise|raising|release|sell|invest|"
    r"unveil|announce|partner|file|seek|merge|get|have|arrive|debut)\w*|"
    r"(?:eyes?|eyeing|mulls?|mulling|weighs?|weighing|considers?|considering|explores?|exploring|seeks?|seeking|"
    r"plans?|planning|aims?|looks?|looking|targets?|targeting|wants?|prepares?|preparing|readies|"
    r"courts?|courting|plots?|pursues?|pursuing|expected|poised|set|about) (?:to |at |an? |for |its |"
    r"the )?(?:\S+ ){0,3}?"
    r"(?:rais\w*|buy\w*|acqui\w*|sell|sale|launch|release|unveil|invest\w*|IPO|go public|deal|round|funding|stake|"
    r"takeover|bid|merger|valuation|list\w*|partner\w*|[$€£])|"
    r"selon (?:des|plusieurs) (?:sources|informations)|serait|aurait|envisage\w*|pourrait|rumeur\w*|"
    r"laut (?:medienberichten|berichten|insidern|bericht)|soll(?:en)? (?:\S+ ){0,6}(?:übernehmen|investieren|kaufen|"
    r"planen)|"
    r"angeblich|gerüchte?\w*|erwägt|plant|según (?:fuentes|informes)|estaría|podría|rumor(?:es)?|baraja|planea)|"
    r"据悉|据报道|據報導|據報|传闻|傳聞|消息称|消息稱|消息人士|知情人士|爆料|拟|擬|有望|或将|或將|考虑|考慮|曝|"
    r"传(?=[A-Z\u4e00-\u9fff])|関係者|報道(?:によると)?|噂|リーク|検討|"
    r"見通し|可能性",
    re.I,
)
ANNOUNCED = re.compile(
    r"\b(?:announc\w*|confirm(?:s|ed|ing)?|unveil(?:s|ed)?|launch(?:es|ed)?|releas(?:es|ed)|introduc(?:es|ed|ing)|"
    r"sign(?:s|ed)|inks?|inked|agree(?:s|d) to|strikes?|struck|reach(?:es|ed) (?:an? )?(?:\w+ )?(?:deal|agreement)|"
    r"acquires?|acquired|buys|bought|raises|raised|secures|secured|lands|partners? with|teams? up|joins forces|"
    r"invests|invested|rolls? out|is (?:now )?(?:live|available|here)|now available|debuts?|ships?|"
    r"files (?:for|to)|filed for|annonce\w*|confirme|lance|dévoile|signe|acquiert|rachète|lève|kündigt|bestätigt|"
    r"stellt \S+ (?:\S+ ){0,4}vor|übernimmt|kauft|unterzeichn\w*|anuncia\w*|confirma|lanza|presenta|firma|adquiere|"
    r"compra|levanta|recauda)\b|"
    r"宣布|宣佈|官宣|发布|發布|推出|签署|簽署|达成|達成|确认|確認|获得|收购|收購|発表|公開|開始|締結|買収する|合意",
    re.I,
)
#: a title that announces beyond doubt: what was a rumour is so now
SURE = re.compile(
    r"\b(?:announc(?:es|ed)|confirms?|confirmed|makes? (?:it )?official|official(?:ly)?:?|unveils?|unveiled|launches|"
    r"launched|releases|released|introduces|introducing|debuts|rolls? out|ships|is (?:now )?(?:here|live|available|"
    r"out)|"
    r"now available|signs?|signed|inks?|inked|agrees? to|agreed to|strikes? (?:an? )?(?:\S+ ){0,3}?(?:deal|pact|"
    r"agreement)|"
    r"struck|reach(?:es|ed) (?:an? )?(?:\w+ )?(?:deal|agreement)|acquires?|acquired|buys|bought|snaps up|scoops up|"
    r"raises|raised|secures|secured|lands|landed|nabs|bags|closes|closed|completes|completed|invests|invested|"
    r"partners? with|teams? up|joins forces|files for|filed for|files (?:publicly|confidentially)|"
    r"to (?:acquire|buy|invest|merge|partner|join)|valued at (?:\S+ ){0,4}?(?:after|in|following)|"
    r"annonce|confirme|lance|dévoile|signe|acquiert|rachète|lève|kündigt|bestätigt|übernimmt|kauft|unterzeichnet|"
    r"anuncia|confirma|lanza|presenta|firma|adquiere|compra|recauda)\b|"
    r"宣布|宣佈|官宣|正式(?:发布|發布|推出)|发布|發布|推出|签署|簽署|达成|達成|确认|確認|完成|获得?[^，。]{0,12}(?:融资|投资)|"
    r"発表|公開|開始|締結|買収する|合意",
    re.I,
)
#: a title that leaves it open, whatever else it says
UNSURE = re.compile(
    r"\?|\b(?:plan(?:s|ned|ning)?|would|could|may|might|seek(?:s|ing)?|target(?:s|ing)?|eye(?:s|ing)|wants?|aims?|"
    r"set to|poised|expected|expects|looks? to|looking to|offers?|offered|propos\w+|consider\w*|weigh\w*|hopes?|if|why|"
    r"how|what|near(?:s|ing)?|close to|about to|prepar\w+|explor\w+|mull\w*|courts?|potential|possible|option|"
    r"risks?|block(?:s|ed|ing)|in talks|talks|reportedly|sources?|rumou?r\w*|leak\w*|backtrack\w*|unwind\w*|"
    r"analyst\w*|opinion|"
    r"after (?:report|rumou?r)|tests?|testing|tipped|teas(?:es|ed|ing)|soon|coming|upcoming|later this|next (?:week|"
    r"month|year))\b|"
    r"拟|擬|或将|或將|有望|据悉|消息|传闻|洽谈|洽談|接近|即将|即將|计划|計劃|計画|寻求|尋求|考虑|考慮|谈判|談判|磋商|被曝|"
    r"検討|見通し|可能性|交渉",
    re.I,
)
#: shares begin to trade: the end of an IPO
DEBUT = re.compile(
    r"begins? trading|began trading|market debut|trading debut|stock debut|first day of trading|"
    r"(?:shares|stock) (?:\S+ ){0,3}?(?:soar|jump|surge|pop|ris|open|climb|fall|double)\w* (?:\S+ ){0,4}?(?:debut|"
    r"IPO|listing)|"
    r"(?:debuts?|lists?|goes public) on (?:the )?(?:nasdaq|nyse)|rises (?:\S+ ){0,2}?in (?:\S+ )?debut|上市首日|初日",
    re.I,
)
#: words that say that an amount was another before; they stand near the new one
CHANGED = re.compile(
    r"\b(?:(?:rais|increas|boost|sweeten|upsiz|expand|doubl|tripl|lower|cut|reduc|slash|trim|hik|upp|extend)(?:e|es|"
    r"s|ed|"
    r"ing|led|ling|ping)? (?:its |the |their |his |an? )?(?:\S+ ){0,3}?(?:bid|offer|target|round|price|range|valuation|"
    r"stake|commitment|investment|deal|goal|size|raise|funding|loan|ask)(?: \S+){0,3}? (?:to|by|from)|"
    r"up from|down from|instead of|rather than the|(?:more|less|larger|smaller|bigger|higher|lower) than (?:previously|"
    r"expected|planned|initially|first|earlier|the \S+ (?:it|initially|previously|first))|revis(?:es|ed|ing)|"
    r"from \$?[\d.]+\s?\w* to \$?[\d.]|upsized|oversubscribed|now (?:worth|valued|at|seeking|seeks|looking|expects|"
    r"plans)|"
    r"another \$)|"
    r"上调|提高|增至|追加|下调|缩减|引き上げ|増額|relève|porte (?:son|à)|augmente|erhöht|aufgestockt|stockt|aumenta|"
    r"eleva|amplía",
    re.I,
)
