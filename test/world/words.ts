/** Stock for the world's sentences, by language. All of it was written for this file. A slot {name} is filled from the list of that name. */
export type Language = "en" | "de" | "es" | "zh";
export type Stock = Readonly<Record<string, readonly string[]>>;

const split = (text: string): readonly string[] => text.split("|").map((s) => s.trim());

export const stock: Readonly<Record<Language, Stock>> = {
  en: {
    thing: split(
      "bicycle|invoice|harbour|garden|kettle|contract|satellite|violin|bakery|river|battery|passport|greenhouse|ladder|museum|printer|tunnel|orchard|compass|elevator|blanket|telescope|vineyard|warehouse|ferry|notebook|chimney|lantern|turbine|thermostat|mortgage|scooter|aquarium|piano|bridge|backpack|freezer|calendar|microscope|fountain|sewing machine|coffee grinder|solar panel|water tank|parking garage|tax return|power drill|hiking trail|ticket office|wind farm",
    ),
    field: split(
      "astronomy|beekeeping|contract law|nutrition|cryptography|medieval history|marine biology|accounting|carpentry|linguistics|thermodynamics|urban planning|poetry|epidemiology|game design|geology|negotiation|photography|logistics|probability|ceramics|child care|robotics|music theory|insurance|meteorology|chess|anthropology|web security|soil science",
    ),
    place: split(
      "Lisbon|Tromsø|Nairobi|Leeds|Osaka|Quito|Graz|Halifax|Bergen|Cork|Pune|Tampere|Ghent|Adelaide|Lima|Bristol",
    ),
    name: split(
      "Maya|Tomas|Ines|Oluwaseun|Priya|Karel|Sofia|Jonas|Hanna|Diego|Aiko|Ruth|Omar|Lena|Pavel|Grace",
    ),
    quality: split(
      "quiet|reliable|ancient|cheap|elegant|fragile|seasonal|portable|crowded|efficient|rusty|modern|spacious|noisy|local|heavy|sustainable|hand-made|early|remote|unusual|second-hand|waterproof|affordable",
    ),
    act: split(
      "repair|rent|clean|measure|sell|paint|insure|move|replace|inspect|store|ship|restore|install|heat|photograph|compare|book|cancel|recycle",
    ),
    happening: split(
      "the delivery came late|the price went up|the roof started leaking|the meeting was moved|the light kept blinking|nobody answered the phone|the colour had faded|the report was incomplete|the train was cancelled|the tenant moved out|the test failed twice|the supplier changed the terms|the water turned cold|the screen stayed dark",
    ),
    time: split(
      "yesterday|last week|in March|on Monday|this morning|two years ago|next month|over the summer|before the holidays|at noon",
    ),
    code: split("python|javascript|rust|sql|bash|kotlin|go|typescript|excel|r"),
    structure: split("list|tree|queue|string|matrix|dictionary|graph|file|date|table|stream|set"),
    number: split("2|3|4|5|6|7|8|9|10|12|15|20|25|30|40|60|75|100|120|250|365|500"),
  },
  de: {
    thing: split(
      "Fahrrad|Rechnung|Garten|Vertrag|Drucker|Brücke|Keller|Heizung|Kalender|Koffer|Werkstatt|Mietvertrag|Fenster|Bäckerei|Teppich|Batterie|Fähre|Kamin|Klavier|Rucksack",
    ),
    field: split(
      "Biologie|Steuerrecht|Musiktheorie|Statik|Geschichte|Ernährung|Logistik|Chemie|Gartenbau|Statistik|Pflege|Astronomie",
    ),
    place: split("Graz|Kiel|Bern|Leipzig|Linz|Ulm|Basel|Rostock"),
    name: split("Jonas|Hanna|Karl|Lena|Mira|Paul|Greta|Emil"),
    quality: split("leise|günstig|alt|zuverlässig|schwer|modern|laut|kaputt|regional|selten|praktisch|neu"),
    act: split(
      "reparieren|mieten|reinigen|verkaufen|streichen|versichern|ersetzen|prüfen|lagern|buchen|stornieren|messen",
    ),
    happening: split(
      "die Lieferung kam zu spät|der Preis ist gestiegen|das Dach ist undicht|niemand ging ans Telefon|der Test schlug fehl|der Zug fiel aus|das Licht flackert|der Bericht war unvollständig",
    ),
    time: split("gestern|letzte Woche|im März|am Montag|heute früh|vor zwei Jahren|nächsten Monat"),
    code: split("Python|SQL|Excel|Java"),
    structure: split("Liste|Tabelle|Datei|Zeichenkette|Matrix"),
    number: split("2|3|5|7|10|12|20|50|100"),
  },
  es: {
    thing: split(
      "bicicleta|factura|jardín|contrato|impresora|puente|horno|maleta|taller|ventana|panadería|alfombra|batería|barco|chimenea|piano|mochila|calendario|escalera|faro",
    ),
    field: split(
      "biología|derecho fiscal|música|historia|nutrición|logística|química|jardinería|estadística|astronomía|seguros|ajedrez",
    ),
    place: split("Lima|Quito|Sevilla|Rosario|Bogotá|Gijón|Puebla|Cádiz"),
    name: split("Inés|Diego|Sofía|Mateo|Lucía|Pablo|Elena|Hugo"),
    quality: split("barato|antiguo|fiable|pesado|moderno|ruidoso|roto|local|raro|práctico|nuevo|frágil"),
    act: split(
      "reparar|alquilar|limpiar|vender|pintar|asegurar|reemplazar|revisar|guardar|reservar|cancelar|medir",
    ),
    happening: split(
      "el pedido llegó tarde|el precio subió|el techo gotea|nadie contestó el teléfono|la prueba falló|el tren fue cancelado|la luz parpadea|el informe estaba incompleto",
    ),
    time: split("ayer|la semana pasada|en marzo|el lunes|esta mañana|hace dos años|el mes que viene"),
    code: split("Python|SQL|Excel|Java"),
    structure: split("lista|tabla|cadena|matriz|archivo"),
    number: split("2|3|5|7|10|12|20|50|100"),
  },
  zh: {
    thing: split(
      "自行车|发票|花园|合同|打印机|桥梁|烤箱|行李箱|车间|窗户|面包店|地毯|电池|渡轮|壁炉|钢琴|背包|日历|梯子|灯塔|冰箱|望远镜|仓库|水箱",
    ),
    field: split("生物学|税法|乐理|历史|营养学|物流|化学|园艺|统计学|天文学|保险|围棋"),
    place: split("成都|青岛|昆明|厦门|苏州|西安|长沙|大连"),
    name: split("小林|王磊|陈静|李婷|赵强|周敏|孙浩|吴芳"),
    quality: split("便宜|古老|可靠|沉重|现代|吵闹|破旧|少见|实用|全新|脆弱|环保"),
    act: split("修理|租用|清洗|出售|粉刷|投保|更换|检查|存放|预订|取消|测量"),
    happening: split(
      "快递来晚了|价格上涨了|屋顶漏水了|没有人接电话|测试失败了|火车停运了|灯一直闪|报告不完整",
    ),
    time: split("昨天|上周|三月份|星期一|今天早上|两年前|下个月"),
    code: split("Python|SQL|Excel|Java"),
    structure: split("列表|表格|字符串|矩阵|文件"),
    number: split("2|3|5|7|10|12|20|50|100"),
  },
};

/** Plain statements: documents, reviews, answers and pasted material are made of them. */
export const statements: Readonly<Record<Language, readonly string[]>> = {
  en: split(
    "The {quality} {thing} in {place} was checked {time}.|{name} said that {happening}.|Most people in {place} {act} the {thing} twice a year.|After {number} days {happening}, and {name} had to {act} the {thing}.|A {quality} {thing} costs about {number} euros more.|In {field}, a {thing} is rarely {quality}.|The office recorded {number} cases where {happening}.|It was {quality} enough, but the {thing} did not fit.|{name} from {place} asked for a {quality} {thing} because {happening}.|According to the notes, {happening} {time}.|Every {thing} needs {number} parts, {number} of them {quality}.|They decided to {act} it {time}.",
  ),
  de: split(
    "Der {thing} in {place} wurde {time} geprüft.|{name} sagte, {happening}.|Nach {number} Tagen musste {name} alles {act}.|In {field} ist das {quality}.|Es kostet etwa {number} Euro mehr.|Laut Notiz gilt: {happening}, und zwar {time}.|Alle {number} Teile sind {quality}.",
  ),
  es: split(
    "El estado de {thing} en {place} se revisó {time}.|{name} dijo que {happening}.|Después de {number} días hubo que {act} todo.|En {field} eso es {quality}.|Cuesta unos {number} euros más.|Según las notas, {happening} {time}.|Las {number} piezas son de tipo {quality}.",
  ),
  zh: split(
    "{place}的{thing}{time}检查过。|{name}说{happening}。|过了{number}天，{name}只好{act}{thing}。|在{field}里这很{quality}。|大约要多花{number}元。|记录显示{happening}。|这{number}个零件都很{quality}。",
  ),
};
