export const subjects = `
cocina: horno|sopa|sartén|receta|pan casero|cafetera|olla|tortilla|aceite|pastel; hornear|congelar|sazonar|recalentar; la salsa se cortó|la masa no subió; nutrición|gastronomía
jardín: invernadero|manzano|manguera|seto|maceta|huerto|colmena|rosal|césped|compost; podar|regar|cosechar|trasplantar; las hojas se pusieron amarillas|la helada llegó pronto; jardinería|botánica
viaje: maleta|billete|hostal|tren nocturno|visado|pasaporte|barco|mapa|vuelo|seguro de viaje; reservar|cancelar|aplazar|cambiar; el tren fue cancelado|perdieron la maleta; geografía|turismo
dinero: factura|hipoteca|tarjeta|nómina|préstamo|cuenta|recibo|presupuesto|transferencia|impuesto; pagar|revisar|transferir|renovar; el precio subió|cobraron dos veces; derecho fiscal|contabilidad|estadística
salud: vacuna|receta médica|termómetro|análisis de sangre|gafas|jarabe|vendaje|inhalador|cita médica|dieta; tratar|recetar|medir|curar; la fiebre volvió|la herida no cerró; biología|farmacología|anatomía
técnica: impresora|servidor|base de datos|pantalla|página web|contraseña|teléfono|archivo|programa|router; instalar|reiniciar|probar|actualizar; la prueba falló|se cortó la conexión; informática|criptografía
casa: ventana|alfombra|lavadora|chimenea|grifo|cerradura|estantería|techo|escalera|caldera; reparar|limpiar|pintar|reemplazar|asegurar; el techo gotea|la luz parpadea; carpintería|arquitectura
escuela: examen|deberes|horario|biblioteca|laboratorio|boletín|beca|pizarra|excursión|cuaderno; estudiar|corregir|explicar|practicar; faltó media clase|el examen era muy difícil; historia|química|pedagogía
música: piano|guitarra|coro|partitura|micrófono|concierto|tambor|violín|disco|ensayo; afinar|grabar|ensayar|tocar; se rompió una cuerda|falló el sonido; música|acústica
tienda: paquete|cupón|chaqueta|pedido|devolución|zapatos|mochila|lámpara|auriculares|regalo; pedir|devolver|cambiar|enviar; el pedido llegó tarde|la talla era incorrecta; logística|comercio
calle: bicicleta|puente|semáforo|tranvía|aparcamiento|túnel|licencia|patinete|rueda|peaje; aparcar|alquilar|matricular|remolcar; la calle estaba cerrada|se pinchó una rueda; urbanismo|ingeniería
oficina: reunión|informe|calendario|contrato|correo|acta|oferta de empleo|presentación|vacaciones|agenda; organizar|aprobar|reenviar|resumir; nadie contestó el teléfono|el informe estaba incompleto; negociación|derecho
`;
export const common = {
  place:
    "Lima|Quito|Sevilla|Rosario|Bogotá|Gijón|Puebla|Cádiz|Madrid|Cali|Mérida|Vigo|Cusco|Valencia|La Paz|Murcia|Santiago|Toledo",
  name: "Inés|Diego|Sofía|Mateo|Lucía|Pablo|Elena|Hugo|Camila|Andrés|Rosa|Javier|Valeria|Tomás|Nuria|Óscar",
  surname: "García|Rojas|Fernández|Castro|Molina|Vargas|Ortega|Núñez|Ramos|Delgado|Paredes|Soto",
  quality:
    "barato|antiguo|fiable|pesado|moderno|ruidoso|roto|local|raro|práctico|nuevo|frágil|seguro|estrecho|famoso|sencillo|caro|limpio|extraño|duradero",
  time: "ayer|la semana pasada|en marzo|el lunes|esta mañana|hace dos años|el mes que viene|el viernes por la tarde|desde enero|en verano|mañana|de noche",
  code: "Python|SQL|Excel|Java|JavaScript|C++",
  structure: "lista|tabla|cadena|matriz|archivo|cola|árbol",
  style: "amable|formal|breve|alegre|serio|cercano",
  audience: "principiantes|niños|estudiantes|turistas|gerentes|enfermeras",
  kind: "lista|tabla|poema|diálogo|carta|plan|ensayo|informe|cuento|discurso|resumen",
  feeling: "contento|molesto|preocupado|confundido|curioso|cansado",
  animal: "zorro|erizo|cuervo|burro|gorrión|nutria",
  noun: "pregunta|respuesta|semana|idea|vecino|amiga|carta|puerta|número|palabra|mañana|cuarto|error|plan|regla|oferta|visita|calle|mesa|resultado|lista|página|grupo|noche|cocina|verano|tío|médico|maestra|colega|niño|jefa|cliente|empresa|pueblo|río|monte|bolsa|botella|abrigo|llave|silla|reloj|llamada|tarea|prueba|libro|poema|canción|película|broma|secreto|esperanza|mentira|opinión|estudio|imagen|versión|queja|juego|viaje|asiento|idioma|ley|voto|juicio|guerra|máquina|rueda|pared|lluvia|polvo|perro|gato|pájaro|árbol|pan|sal|olor|ruido|color|peso|final|principio|resto",
  verbed:
    "encontró|buscó|perdió|llevó|abrió|cerró|necesitó|cambió|compró|vendió|construyó|mostró|pidió|llamó|dejó|notó|olvidó|planeó|intentó|empezó|terminó|evitó|alcanzó|llenó|cortó|pintó|escribió|leyó|mandó|recibió|prestó|pagó|contó|comparó|revisó|probó|esperó|describió|explicó|repitió|discutió|pensó en|soñó con|se rio de|habló de",
  adverb:
    "despacio|rápido|de repente|a menudo|casi nunca|siempre|nunca|otra vez|después|hoy|pronto|ya|todavía|juntos|fuera|arriba|quizás|por suerte|casi|exactamente|más o menos|gratis|sin querer|a mano|al final",
} as const;
export const macros: Readonly<Record<string, readonly string[]>> = {
  who: [
    "{name}",
    "{person}",
    "nadie",
    "alguien",
    "mi vecino",
    "la {noun} de {name}",
    "{name}, de {place},",
    "la gente",
    "{word}",
  ],
  what: [
    "eso",
    "todo",
    "la {noun} y el {thing}",
    "ninguna {noun}",
    "{number} veces la {noun}",
    "algo sobre {field}",
    "el {thing} de {place}",
    "{word}",
    "otra {noun}",
    "{price}",
  ],
  when: [
    "{time}",
    "en {place}",
    "{adverb}",
    "a las {hour}",
    "desde {year}",
    "sin {noun}",
    "por la {noun}",
    "{number} días después",
    "el {date}",
  ],
};
export const sentences = [
  "{who} {verbed} {what}.",
  "{who} {verbed} {what} {when}.",
  "{when}, {who} {verbed} {what}.",
  "{who} {verbed} {what}, [pero|y|porque] {who} {verbed} {what}.",
  "Dicen que {who} {verbed} {what}.",
  "Hubo {what} {when}.",
  "¿[Por qué|Cuándo|Dónde|Cómo] {verbed} {who} {what}?",
  "{who} estaba {feeling} {when}.",
  "{noun}, {noun}, {noun}: {who} {verbed} {what}.",
  "Si {who} {verbed} {what}, {who} quiere {act}.",
];
export const statements = [
  "El estado de {thing} en {place} se [revisó|comentó|arregló] {time}.",
  "{name} [dijo|escribió|comentó] que {happening}.",
  "Después de {number} días hubo que {act} todo.",
  "En {field} eso es [casi siempre|a veces|rara vez] {quality}.",
  "Cuesta [unos|al menos] {price} más.",
  "Según [las notas|el acta|{name}], {happening} {time}.",
  "Las {number} piezas son de tipo {quality}.",
  "{person}, de {place}, preguntó por {thing} porque {happening}.",
  "Desde {date} es más {quality}, [y|pero] {happening}.",
  "Se puede {act} en {number} minutos si no es {quality}.",
  "Para {thing} y {thing} hay {number} ofertas.",
  "[Nadie|Solo {name}] estaba {feeling} cuando {happening}.",
  "Referencia {code7}: {thing}, {quality}, {price}.",
];
