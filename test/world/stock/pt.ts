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
} as const;
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
