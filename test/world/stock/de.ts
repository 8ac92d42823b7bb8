export const subjects = `
kueche: Pfanne|Suppe|Backofen|Kuchenteig|Gewürzregal|Brotmesser|Topf|Auflauf|Kaffeemühle|Rezept; backen|würzen|einfrieren|aufwärmen; die Soße ist geronnen|der Teig ging nicht auf; Ernährung|Gärung
garten: Gewächshaus|Hecke|Rasenmäher|Kompost|Apfelbaum|Gießkanne|Hochbeet|Gartenschlauch|Bienenstock|Tomatenpflanze; schneiden|gießen|umtopfen|ernten; die Blätter wurden gelb|der Frost kam früh; Gartenbau|Bodenkunde
reise: Fahrkarte|Koffer|Nachtzug|Ferienwohnung|Reiseversicherung|Flugticket|Wanderweg|Mietwagen|Jugendherberge|Stadtplan; buchen|stornieren|umbuchen|verschieben; der Zug fiel aus|der Koffer ging verloren; Geografie|Tourismus
geld: Rechnung|Kredit|Girokonto|Steuererklärung|Mietvertrag|Versicherung|Gehaltsabrechnung|Überweisung|Mahnung|Depot; überweisen|kündigen|prüfen|verlängern; der Preis ist gestiegen|eine Gebühr wurde doppelt abgebucht; Steuerrecht|Buchhaltung|Statistik
gesundheit: Rezept|Blutdruckmesser|Impfung|Hörgerät|Brille|Verband|Blutprobe|Krankschreibung|Salbe|Rollstuhl; verschreiben|behandeln|messen|impfen; das Fieber stieg wieder|die Wunde heilte nicht; Pflege|Biologie|Pharmazie
technik: Drucker|Server|Datenbank|Bildschirm|Webseite|Router|Handy|Protokolldatei|Schnittstelle|Passwort; installieren|neu starten|testen|sichern; der Test schlug fehl|die Verbindung brach ab; Informatik|Kryptografie
haus: Heizung|Fenster|Keller|Waschmaschine|Teppich|Türschloss|Kamin|Dachboden|Wasserhahn|Regal; reparieren|streichen|reinigen|ersetzen|versichern; das Dach ist undicht|das Licht flackert; Statik|Innenarchitektur
schule: Zeugnis|Stundenplan|Klassenarbeit|Hausaufgabe|Wandertag|Schulbibliothek|Elternabend|Vokabelheft|Labor|Stipendium; lernen|korrigieren|üben|erklären; die halbe Klasse fehlte|die Aufgabe war zu schwer; Geschichte|Pädagogik|Chemie
musik: Klavier|Geige|Chor|Notenblatt|Schlagzeug|Konzertkarte|Mikrofon|Probenraum|Plattenspieler|Orgel; stimmen|proben|aufnehmen|spielen; eine Saite riss|der Ton fiel aus; Musiktheorie|Akustik
laden: Paket|Gutschein|Jacke|Bestellung|Rücksendung|Schuhe|Rucksack|Lampe|Kopfhörer|Geschenkkarte; bestellen|zurückgeben|umtauschen|verschicken; die Lieferung kam zu spät|die Größe war falsch; Logistik|Handel
verkehr: Fahrrad|Straßenbahn|Parkhaus|Ampel|Winterreifen|Führerschein|Brücke|Tunnel|Roller|Bremse; parken|mieten|warten|anmelden; die Straße war gesperrt|ein Reifen war platt; Stadtplanung|Maschinenbau
buero: Besprechung|Bericht|Kalender|Urlaubsantrag|Stellenanzeige|Protokoll|Rundmail|Dienstreise|Vertrag|Tagesordnung; planen|genehmigen|weiterleiten|zusammenfassen; der Bericht war unvollständig|niemand ging ans Telefon; Verhandlung|Recht
`;
export const common = {
  place:
    "Graz|Kiel|Bern|Leipzig|Linz|Ulm|Basel|Rostock|Köln|Wien|Trier|Erfurt|Bremen|Zürich|Passau|Halle|Mainz|Essen|Innsbruck|Lübeck",
  name: "Jonas|Hanna|Karl|Lena|Mira|Paul|Greta|Emil|Frieda|Anton|Elif|Sven|Ute|Murat|Klara|Tim",
  surname: "Schmidt|Huber|Krüger|Yılmaz|Wagner|Lehmann|Vogel|Baumann|Keller|Neumann|Brandt|Arnold",
  quality:
    "leise|günstig|alt|zuverlässig|schwer|modern|laut|kaputt|regional|selten|praktisch|neu|teuer|einfach|sicher|schmal|hell|bekannt|haltbar|seltsam|sauber|groß",
  time: "gestern|letzte Woche|im März|am Montag|heute früh|vor zwei Jahren|nächsten Monat|am Freitagabend|seit Januar|über den Sommer|morgen|nachts",
  code: "Python|SQL|Excel|Java|JavaScript|C++|Bash",
  structure: "Liste|Tabelle|Datei|Zeichenkette|Matrix|Warteschlange|Baumstruktur",
  style: "freundlich|sachlich|locker|knapp|höflich|lebendig",
  audience: "Anfänger|Kinder|Pflegekräfte|Studierende|Gäste|Führungskräfte",
  kind: "Liste|Tabelle|Gedicht|Dialog|Brief|Plan|Aufsatz|Bericht|Geschichte|Gliederung|Rede",
  feeling: "froh|verärgert|besorgt|verwirrt|neugierig|müde",
  animal: "Fuchs|Igel|Otter|Rabe|Esel|Spatz",
  noun: "Frage|Antwort|Woche|Idee|Nachbar|Freundin|Brief|Tür|Zahl|Wort|Morgen|Zimmer|Fehler|Plan|Regel|Angebot|Besuch|Straße|Garten|Tisch|Ergebnis|Liste|Seite|Gruppe|Nacht|Küche|Sommer|Onkel|Arzt|Lehrerin|Kollege|Kind|Chefin|Kundin|Firma|Dorf|Fluss|Berg|Tasche|Flasche|Mantel|Schlüssel|Lampe|Stuhl|Uhr|Anruf|Sitzung|Vertrag|Aufgabe|Prüfung|Buch|Gedicht|Lied|Film|Witz|Geheimnis|Hoffnung|Lüge|Meinung|Studie|Bild|Fassung|Beschwerde|Bitte|Geschenk|Spiel|Reise|Platz|Sprache|Gesetz|Steuer|Wahl|Gericht|Krieg|Maschine|Rad|Werkzeug|Wand|Fenster|Regen|Staub|Hund|Katze|Vogel|Baum|Brot|Salz|Geruch|Lärm|Farbe|Gewicht|Ende|Anfang|Rest",
  verbed:
    "fand|suchte|verlor|trug|öffnete|schloss|brauchte|änderte|kaufte|verkaufte|baute|zeigte|fragte|rief|verließ|bemerkte|mochte|vergaß|plante|versuchte|begann|beendete|mied|erreichte|füllte|schnitt|malte|schrieb|las|schickte|bekam|lieh|zahlte|zählte|verglich|prüfte|bewies|erwartete|beschrieb|erklärte|wiederholte|besprach|bat um|dachte an|wartete auf|lachte über",
  adverb:
    "langsam|schnell|plötzlich|oft|selten|immer|nie|wieder|später|heute|bald|schon|noch|zusammen|allein|draußen|oben|vielleicht|wohl|leider|zum Glück|fast|genau|etwa|umsonst|aus Versehen|von Hand|am Ende",
} as const;
export const macros: Readonly<Record<string, readonly string[]>> = {
  who: [
    "{name}",
    "{person}",
    "wir",
    "sie",
    "niemand",
    "jemand",
    "{name} aus {place}",
    "mein Nachbar",
    "die Frau aus {place}",
    "{word}",
  ],
  what: [
    "das",
    "alles",
    "{noun} und {noun}",
    "keine {noun}",
    "{number} Mal {noun}",
    "etwas über {field}",
    "{thing} aus {place}",
    "{word}",
    "jede {noun}",
    "{price}",
  ],
  when: [
    "{time}",
    "in {place}",
    "{adverb}",
    "um {hour}",
    "seit {year}",
    "ohne {noun}",
    "wegen {noun}",
    "nach {number} Tagen",
    "am {date}",
  ],
};
export const sentences = [
  "{who} {verbed} {what}.",
  "{who} {verbed} {what} {when}.",
  "{who} {verbed} {adverb} {what}, [aber|und|denn] {who} {verbed} {what}.",
  "{who} sagt, {who} {verbed} {what}.",
  "Es gab {what} {when}.",
  "[Warum|Wann|Wo|Wie] {verbed} {who} {what}?",
  "{who} war {when} {feeling}.",
  "{noun}, {noun}, {noun}: {who} {verbed} {what}.",
  "[Vielleicht|Natürlich|Leider|Dann] {verbed} {who} {what} {when}.",
  "{who} will {what} {act}.",
];
export const statements = [
  "[Die Sache|Das Thema|Der Punkt] {thing} in {place} wurde {time} [geprüft|besprochen|erledigt].",
  "{name} [sagte|schrieb|meinte], {happening}.",
  "Nach {number} Tagen musste {name} alles {act}.",
  "In {field} ist das [oft|selten|meist] {quality}.",
  "Es kostet [etwa|mindestens] {price} mehr.",
  "Laut [Notiz|Protokoll|{name}] gilt: {happening}, und zwar {time}.",
  "Alle {number} Teile sind {quality}.",
  "{person} aus {place} fragte nach {thing}, weil es {quality} sein soll.",
  "Seit {date} ist das {quality}, und {happening}.",
  "Man kann es {act}, wenn es {quality} ist, [aber|und] das dauert {number} Minuten.",
  "Für {thing} und {thing} gibt es {number} Angebote.",
  "[Niemand|Nur {name}] war {feeling}, obwohl {happening}.",
  "Nummer {code7}: {thing}, {quality}, {price}.",
];
