export const subjects = `
cozinha: forno|sopa|frigideira|receita|pão caseiro|cafeteira|panela|bolo|azeite|feijão; assar|congelar|temperar|aquecer; o molho talhou|a massa não cresceu; nutrição|gastronomia
jardim: estufa|macieira|mangueira|vaso|horta|colmeia|roseira|gramado|adubo|cerca viva; podar|regar|colher|replantar; as folhas ficaram amarelas|a geada veio cedo; jardinagem|botânica
viagem: mala|passagem|albergue|trem noturno|visto|passaporte|barco|mapa|voo|seguro viagem; reservar|cancelar|adiar|trocar; o voo foi cancelado|perderam a mala; geografia|turismo
dinheiro: fatura|financiamento|cartão|salário|empréstimo|conta|recibo|orçamento|transferência|imposto; pagar|conferir|transferir|renovar; o preço subiu|cobraram duas vezes; direito tributário|contabilidade|estatística
saúde: vacina|receita médica|termômetro|exame de sangue|óculos|xarope|curativo|inalador|consulta|dieta; tratar|receitar|medir|curar; a febre voltou|a ferida não fechou; biologia|farmacologia|anatomia
técnica: impressora|servidor|banco de dados|tela|site|senha|celular|arquivo|programa|roteador; instalar|reiniciar|testar|atualizar; o teste falhou|a conexão caiu; informática|criptografia
casa: janela|tapete|máquina de lavar|lareira|torneira|fechadura|estante|telhado|escada|aquecedor; consertar|limpar|pintar|substituir|segurar; o telhado está pingando|a luz pisca; marcenaria|arquitetura
escola: prova|lição|horário|biblioteca|laboratório|boletim|bolsa|lousa|excursão|caderno; estudar|corrigir|explicar|praticar; metade da turma faltou|a prova era difícil; história|química|pedagogia
loja: pacote|cupom|jaqueta|pedido|devolução|sapatos|mochila|luminária|fones|presente; pedir|devolver|trocar|enviar; o pedido chegou atrasado|o tamanho estava errado; logística|comércio
escritório: reunião|relatório|agenda|contrato|e-mail|ata|vaga|apresentação|férias|planilha; organizar|aprovar|encaminhar|resumir; ninguém atendeu o telefone|o relatório estava incompleto; negociação|direito
`;
export const common = {
  place: "Recife|Porto|Curitiba|Belém|Braga|Salvador|Faro|Manaus|Coimbra|Natal|Luanda|Santos",
  name: "Ana|Bruno|Beatriz|Caio|Luana|Rafael|Marta|João|Letícia|Rui|Sônia|Davi",
  surname: "Souza|Almeida|Ferreira|Teixeira|Barbosa|Pinto|Moura|Cardoso|Lopes|Rocha",
  quality:
    "barato|antigo|confiável|pesado|moderno|barulhento|quebrado|local|raro|prático|novo|frágil|seguro|estreito|simples|caro|limpo|estranho",
  time: "ontem|na semana passada|em março|na segunda|hoje de manhã|há dois anos|no mês que vem|na sexta à noite|desde janeiro|no verão|amanhã",
  code: "Python|SQL|Excel|Java|JavaScript",
  structure: "lista|tabela|matriz|arquivo|fila|árvore",
  style: "amigável|formal|breve|alegre|sério",
  audience: "iniciantes|crianças|estudantes|turistas|gerentes",
  kind: "lista|tabela|poema|diálogo|carta|plano|redação|relatório|conto|resumo",
  feeling: "feliz|irritado|preocupado|confuso|curioso|cansado",
  animal: "raposa|ouriço|corvo|burro|pardal|lontra",
  noun: "pergunta|resposta|semana|ideia|vizinho|amiga|carta|porta|número|palavra|manhã|quarto|erro|plano|regra|oferta|visita|rua|mesa|resultado|lista|página|grupo|noite|cozinha|verão|tio|médico|professora|colega|criança|chefe|cliente|empresa|vila|rio|serra|sacola|garrafa|casaco|chave|cadeira|relógio|ligação|tarefa|livro|poema|canção|filme|piada|segredo|esperança|mentira|opinião|estudo|imagem|versão|queixa|jogo|viagem|língua|lei|voto|guerra|máquina|roda|parede|chuva|poeira|cachorro|gato|árvore|sal|cheiro|barulho|cor|peso|fim|começo",
  verbed:
    "encontrou|procurou|perdeu|levou|abriu|fechou|mudou|comprou|vendeu|construiu|mostrou|pediu|chamou|deixou|notou|esqueceu|planejou|tentou|começou|terminou|evitou|alcançou|encheu|cortou|pintou|escreveu|leu|mandou|recebeu|emprestou|pagou|contou|comparou|revisou|provou|esperou|descreveu|explicou|repetiu|discutiu|pensou em|sonhou com|riu de|falou de",
  adverb:
    "devagar|rápido|de repente|muitas vezes|raramente|sempre|nunca|de novo|depois|hoje|logo|já|ainda|juntos|lá fora|talvez|por sorte|quase|exatamente|de graça|sem querer|à mão|no fim",
} as const;
export const macros: Readonly<Record<string, readonly string[]>> = {
  who: [
    "{name}",
    "{person}",
    "ninguém",
    "alguém",
    "meu vizinho",
    "a {noun} de {name}",
    "{name}, de {place},",
    "a gente",
    "{word}",
  ],
  what: [
    "isso",
    "tudo",
    "a {noun} e o {thing}",
    "nenhuma {noun}",
    "{number} vezes a {noun}",
    "algo sobre {field}",
    "o {thing} de {place}",
    "{word}",
    "outra {noun}",
    "{price}",
  ],
  when: [
    "{time}",
    "em {place}",
    "{adverb}",
    "às {hour}",
    "desde {year}",
    "sem {noun}",
    "por causa da {noun}",
    "{number} dias depois",
    "em {date}",
  ],
};
export const sentences = [
  "{who} {verbed} {what}.",
  "{who} {verbed} {what} {when}.",
  "{when}, {who} {verbed} {what}.",
  "{who} {verbed} {what}, [mas|e|porque] {who} {verbed} {what}.",
  "Dizem que {who} {verbed} {what}.",
  "Houve {what} {when}.",
  "[Por que|Quando|Onde|Como] {who} {verbed} {what}?",
  "{who} estava {feeling} {when}.",
  "{noun}, {noun}, {noun}: {who} {verbed} {what}.",
  "Se {who} {verbed} {what}, {who} quer {act}.",
];
export const statements = [
  "A situação de {thing} em {place} foi [verificada|discutida|resolvida] {time}.",
  "{name} [disse|escreveu|comentou] que {happening}.",
  "Depois de {number} dias foi preciso {act} tudo.",
  "Em {field} isso é [quase sempre|às vezes|raramente] {quality}.",
  "Custa [uns|pelo menos] {price} a mais.",
  "Segundo [as notas|a ata|{name}], {happening} {time}.",
  "{person}, de {place}, perguntou sobre {thing} porque {happening}.",
  "Desde {date} está mais {quality}, [e|mas] {happening}.",
  "Dá para {act} em {number} minutos se for {quality}.",
  "Para {thing} e {thing} há {number} ofertas.",
  "Referência {code7}: {thing}, {quality}, {price}.",
];
