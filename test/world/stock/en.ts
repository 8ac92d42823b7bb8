import { words } from "./sentences-en.ts";

/**
 * Subjects with words of their own: things; what one does with them; what goes wrong; what one studies. Applications keep to
 * one or two subjects, people to a few, collections of tasks to none.
 */
export const subjects = `
cooking: skillet|sourdough starter|lentil soup|pressure cooker|spice rack|pancake batter|roast chicken|cutting board|oven thermometer|risotto|vinegar|cheesecake|rolling pin|stock pot|kitchen scale|pickle jar|olive oil|noodle dish; bake|roast|season|freeze|reheat|chop|marinate; the sauce curdled|the dough did not rise|the rice burned; nutrition|fermentation|pastry making
garden: greenhouse|hedge|tomato plant|compost heap|lawn mower|rain barrel|apple tree|raised bed|watering can|rose bush|tulip bulb|wheelbarrow|seed tray|garden hose|beehive|fruit fly trap; prune|water|repot|harvest|mulch|graft; slugs ate the lettuce|the leaves turned yellow|the frost came early; botany|beekeeping|soil science
travel: ferry ticket|hostel|boarding pass|night train|suitcase|travel insurance|city map|visa form|airport shuttle|hiking trail|guidebook|rental car|camping stove|cable car|beach hut|museum pass; book|cancel|postpone|upgrade|refund; the flight was delayed|the hotel was overbooked|the luggage got lost; geography|tourism management|cartography
money: mortgage|savings account|credit card|pension plan|tax return|invoice|exchange rate|index fund|overdraft|payroll|budget sheet|bank transfer|dividend|loan agreement|expense report|receipt; transfer|refinance|deduct|audit|invest|reconcile; the payment bounced|the interest rate rose|a fee was charged twice; accounting|microeconomics|tax law
law: lease|copyright notice|will|employment contract|privacy policy|witness statement|patent claim|non-disclosure agreement|power of attorney|court order|settlement|trademark|licence|warranty clause|liability waiver; sign|terminate|appeal|notarise|enforce|amend; the deadline was missed|the tenant refused to leave|a clause was ambiguous; contract law|jurisprudence|criminology
health: inhaler|blood test|knee brace|vaccine|prescription|sleep diary|blood pressure monitor|allergy shot|wheelchair|eye exam|first aid kit|hearing aid|vitamin supplement|physiotherapy session|thermometer; prescribe|monitor|treat|diagnose|dose|schedule; the rash came back|the fever went up at night|the wound did not heal; epidemiology|anatomy|pharmacology
software: web server|database index|login page|message queue|cache|build pipeline|unit test|mobile app|API key|container image|log file|regular expression|load balancer|config file|search index|plugin|background job|feature flag; deploy|refactor|debug|profile|migrate|mock|patch; the build broke|the request timed out|memory kept growing; compiler design|cryptography|distributed systems|web security
energy: heat pump|solar panel|wind turbine|power grid|battery storage|gas boiler|smart meter|charging station|transformer|insulation board|generator|thermostat|hydrogen tank|biogas plant|power line; install|insulate|meter|generate|store; the fuse blew|the inverter failed|the bill doubled; thermodynamics|electrical engineering|climate policy
school: lesson plan|report card|science fair|timetable|homework sheet|classroom|exam paper|school library|field trip|spelling test|scholarship|parents' evening|blackboard|study group|laboratory; teach|grade|memorise|revise|enrol; half the class was absent|the test was too hard|the projector broke; pedagogy|child psychology|linguistics
music: violin|drum kit|choir|metronome|piano sonata|guitar amplifier|record player|sheet music|jazz trio|opera ticket|synthesizer|rehearsal room|microphone|string quartet|festival stage; tune|rehearse|record|compose|conduct|transpose; a string snapped|the singer lost her voice|the sound kept cutting out; music theory|acoustics|ethnomusicology
sports: football boots|marathon|tennis racket|swimming pool|referee|rowing boat|climbing wall|training plan|league table|cycling jersey|gym membership|chess club|ski pass|relay team|dumbbell; train|coach|stretch|score|qualify; the match was abandoned|the goalkeeper was injured|the track was flooded; sports science|biomechanics|chess
history: Roman road|medieval castle|census record|treaty|steam engine|printing press|archive|coin hoard|shipwreck|monastery|trade route|royal charter|battlefield|city wall|oral history; date|excavate|restore|catalogue; the archive burned down|the empire split|the harvest failed; medieval history|archaeology|anthropology
space: telescope|satellite|moon landing|space station|comet|rocket engine|launch pad|star chart|orbit|solar flare|spectrometer|rover|black hole|observatory|meteorite; launch|observe|track|photograph; the signal was lost|the launch was scrubbed|the lens fogged up; astronomy|astrophysics|orbital mechanics
sea: harbour|trawler|coral reef|lighthouse|tide table|container ship|anchor|seaweed farm|life jacket|submarine cable|sailboat|fish market|oil rig|dolphin pod|sea wall; moor|sail|dredge|load|catch; the storm closed the port|the net tore|the engine overheated; marine biology|oceanography|naval architecture
home: kettle|vacuum cleaner|washing machine|bookshelf|carpet|bunk bed|door lock|smoke detector|window blind|tap|sofa|light switch|ironing board|freezer|attic ladder|wallpaper; clean|repair|replace|paint|assemble|insure; the tap dripped all night|the roof started leaking|the shelf collapsed; carpentry|interior design|plumbing
shop: voucher|shopping cart|gift box|loyalty card|return label|winter jacket|sneakers|phone case|headphones|backpack|water bottle|desk lamp|board game|perfume|coffee grinder|pet bed|office chair; order|return|exchange|gift-wrap|restock|ship; the parcel arrived damaged|the wrong size was sent|the discount code did not work; retail management|consumer psychology|logistics
office: meeting room|printer|quarterly report|job advert|calendar invite|slide deck|coffee machine|travel request|onboarding checklist|phone line|badge reader|whiteboard|newsletter|shared drive|time sheet; schedule|approve|forward|archive|summarise|delegate; the meeting was moved|nobody answered the phone|the report was incomplete; project management|negotiation|organisational psychology
factory: conveyor belt|welding robot|spare part|safety helmet|paint line|forklift|quality report|steel coil|packing machine|injection mould|gearbox|pallet|maintenance plan|sensor array|press brake; inspect|calibrate|assemble|lubricate|package; the line stopped twice|a batch was rejected|the supplier changed the alloy; robotics|materials science|industrial engineering
roads: bicycle|bus lane|traffic light|parking garage|electric scooter|tunnel|delivery van|winter tyre|toll booth|roundabout|driving licence|road sign|brake pad|tram line|car insurance; park|tow|service|rent|register; the road was closed|the bus broke down|a tyre went flat; urban planning|transport engineering|automotive design
animals: guinea pig|sheepdog|bird feeder|horse stable|aquarium|cattle herd|cat shelter|veterinary clinic|fox den|owl nest|hen house|dog leash|parrot cage|wolf pack|ant colony; feed|groom|vaccinate|train|adopt; the dog would not eat|the fence was broken|the herd got mixed up; zoology|ecology|veterinary medicine
mathematics: prime number|right triangle|probability tree|matrix|integral|polynomial|geometric series|bar chart|permutation|vector space|random walk|proof|fraction|unit circle|truth table; factorise|differentiate|approximate|integrate|prove|plot; the series did not converge|the two results disagreed|a sign was wrong; probability|number theory|topology|statistics
chemistry: test tube|acid solution|periodic table|crystal|catalyst|polymer|gas chromatograph|salt bridge|molecule|pipette|fume hood|reaction rate|solvent|enzyme|isotope; dissolve|titrate|distil|oxidise|filter; the mixture changed colour|the flask cracked|the yield was low; organic chemistry|biochemistry|toxicology
art: oil painting|sculpture|photo album|pottery wheel|gallery opening|charcoal sketch|film camera|mural|comic strip|stained glass|woodcut|fashion sketch|exhibition catalogue|pencil case|theatre costume; paint|frame|exhibit|draw|restore; the colours had faded|the frame was cracked|the negatives were lost; art history|photography|ceramics|game design
writing: detective novel|haiku|cover letter|travel blog|film script|obituary|love letter|short story|glossary|bibliography|press release|fairy tale|diary|speech|crossword; draft|edit|translate|proofread|publish; the ending felt rushed|the editor said no|a chapter got lost; poetry|journalism|rhetoric
weather: rain gauge|hurricane|snow plough|weather balloon|drought|flood barrier|sunscreen|fog horn|thunderstorm|ice sheet|heat wave|wind chime|cloud chamber|avalanche warning; forecast|measure|record|predict; it hailed in June|the forecast was wrong|the river rose overnight; meteorology|climatology|hydrology
family: birthday party|baby stroller|wedding speech|family tree|babysitter|grandmother's recipe|bedtime story|school bus|playground|moving box|anniversary gift|twin sister|house key|holiday card|nursery; celebrate|invite|comfort|babysit|plan; the twins had a fever|the guests came early|my brother forgot the cake; child care|genealogy|family therapy
`;

export const common = {
  ...words,
  place:
    "Lisbon|Tromsø|Nairobi|Leeds|Osaka|Quito|Graz|Halifax|Bergen|Cork|Pune|Tampere|Ghent|Adelaide|Lima|Bristol|Chicago|Manila|Accra|Oslo|Turin|Denver|Perth|Cardiff|Izmir|Hanoi|Boston|Lagos|Porto|Zagreb|Seoul|Austin|Malmö|Dublin|Kigali|Tbilisi|Utrecht|Riga|Hobart|Santiago|Durban|Cusco|Lyon|Kraków|Delhi|Winnipeg|Belfast|Naples|Fukuoka|Mombasa",
  name: "Maya|Tomas|Ines|Oluwaseun|Priya|Karel|Sofia|Jonas|Hanna|Diego|Aiko|Ruth|Omar|Lena|Pavel|Grace|Samuel|Yusuf|Clara|Ben|Fatima|Noah|Ingrid|Ravi|Molly|Chen|Amara|Victor|Elif|George|Nina|Kofi|Laura|Henrik|Mei|Patrick|Zainab|Oscar|Dana|Leo",
  surname:
    "Novak|Okafor|Lindqvist|Marsh|Patel|Brandt|Silva|Kowalski|Tanaka|Reid|Haddad|Moreau|Castillo|Nguyen|Byrne|Weber|Mensah|Larsen|Rossi|Fischer|Cohen|Singh|Walsh|Petrov|Adeyemi|Kim|Doyle|Hughes|Santos|Virtanen",
  quality:
    "quiet|reliable|ancient|cheap|elegant|fragile|seasonal|portable|crowded|efficient|rusty|modern|spacious|noisy|local|heavy|sustainable|hand-made|remote|unusual|second-hand|waterproof|affordable|bright|stubborn|complex|compact|outdated|famous|simple|dusty|durable|imported|oversized|soft|narrow|popular|odd|expensive|safe|broken|shiny|temporary|common|delicate|rare|rural|official",
  time: "yesterday|last week|in March|on Monday|this morning|two years ago|next month|over the summer|before the holidays|at noon|tonight|in the third quarter|on Friday evening|since January|by the end of the year|every Tuesday|after lunch|last autumn|within ten days|during the night",
  code: "python|javascript|rust|sql|bash|kotlin|go|typescript|c++|r|java|swift|ruby|php|scala|haskell",
  structure:
    "list|tree|queue|string|matrix|dictionary|graph|file|date|table|stream|set|stack|heap|interval|linked list|csv|json object|grid|array of integers",
  style: "friendly|formal|dry|cheerful|concise|vivid|neutral|playful|matter-of-fact|warm|serious|humorous",
  audience:
    "beginners|managers|children|nurses|students|tourists|engineers|new parents|investors|teachers|volunteers|retirees|developers|shop owners",
  kind: "essay|list|table|poem|dialogue|plan|letter|checklist|story|report|outline|speech|recipe|riddle|paragraph|headline|quiz|summary|diary entry|advert",
  feeling: "happy|annoyed|worried|confused|curious|excited|tired|grateful|nervous|bored|disappointed|hopeful",
  animal: "fox|otter|sparrow|camel|hedgehog|whale|goat|beetle|raven|seal|donkey|gecko",
} as const;

export { macros, sentences } from "./sentences-en.ts";

/** Plain statements: documents, reviews, answers and pasted material are made of them. */
export const statements = [
  "The {quality} {thing} in {place} was [checked|replaced|sold|moved|measured] {time}.",
  "{name} [said|wrote|mentioned|complained] that {happening}.",
  "Most people in {place} {act} the {thing} [twice a year|every {number} days|without help].",
  "After {number} days {happening}, and {name} had to {act} the {thing}.",
  "A {quality} {thing} costs [about|roughly|at least] {price} more.",
  "In {field}, a {thing} is [rarely|often|never quite] {quality}.",
  "[The office|Our team|The city|A neighbour] recorded {number} cases where {happening}.",
  "It was {quality} enough, but the {thing} did not fit.",
  "{person} from {place} asked for a {quality} {thing} because {happening}.",
  "According to [the notes|the minutes|page {number}|{name}], {happening} {time}.",
  "Every {thing} needs {number} parts, {number} of them {quality}.",
  "They decided to {act} it {time}[| and to tell {name}| but not the {thing}].",
  "[On|Around|Since] {date} the {thing} has been {quality}.",
  "If {happening}, you can {act} the {thing} [again|once more|at no cost].",
  "{person}, who studied {field}, [prefers|recommends|avoids] the {quality} {thing}.",
  "The {thing} and the {thing} were both {quality}, [yet|and|so] {happening}.",
  "There are {number} {thing}s left in {place}; the rest [was sold {time}|went to {name}|is {quality}].",
  "[First|Then|Later|Finally] they {act} the {thing} and wait {number} minutes.",
  "[Nobody|Everybody|Only {name}] was {feeling} when {happening}.",
  "This {thing} is {number} percent more {quality} than the [old one|{thing}|model of last year].",
  "Reference {code7}: one {quality} {thing}, {price}, {date}.",
  "It helps to {act} a {thing} before you {act} the {thing}.",
];
