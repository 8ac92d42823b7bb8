/** `distil.yaml` to start from. Every line that must be changed says so. */
export function starter(kind: StarterKind): string {
  return kind === "embedded" ? EMBEDDED : API;
}

export const STARTERS = ["api", "embedded"] as const;
export type StarterKind = (typeof STARTERS)[number];

const API = `# A distillation: teacher -> dataset -> student -> comparison -> cascade. \`stillwatch distil run .\`
name: my-classifier

# What the student is for and who gets it; terms and permits are compared with these.
purpose: classifier          # evaluation, classifier, specialist, general, competing
distribution: internal       # none, internal, public

teacher:
  baseUrl: https://api.example.com/v1     # CHANGE: any OpenAI-compatible API
  model: example-large                    # CHANGE
  apiKeyEnv: TEACHER_API_KEY              # the environment variable that holds the key
  prices: { input: 2.50, output: 10.00 }  # CHANGE: US dollars a million tokens; the budget rests on them
  maxOutputTokens: 16
  temperature: 0
  # Its terms: a name of \`stillwatch terms list\`, or a terms file. Without terms or a permit that allow it nothing is sent.
  # terms: ./terms.json

# From the teacher's provider, where it gives permits:
# permit: ./permit.json
# holderKey: ./holder.key
# issuer: ./issuer.vkey

prompts:
  from:
    - file: ./inputs.jsonl                # CHANGE: {"text": ...} a line, or plain text
    # - journal: ./stillwatch-data        # what was really asked
    #   account: acme
    # - seeds: ./seeds.jsonl              # the teacher writes more like these
    #   count: 500
  system: Answer with the label only.
  template: "Classify this message as billing, delivery or other:\\n\\n{{input}}"
  select: uncertain                       # ask first where the student is least sure

budget: { dollars: 5 }                    # hard: no bill can pass it

filters:
  label-noise: true                       # drops labels that the other rows contradict

student:
  trainer: classifier                     # or language-model, openai, trl, command ...

evaluation:
  test: ./test.jsonl                      # CHANGE: rows with the right answer, never trained on
  reference: label
  metric: exact                           # exact, contains, number
  margin: 0.02

stop: { leastGain: 0.005 }                # stop when the next round promises less

cascade: { epsilon: 0.1, delta: 0.05 }    # student first, teacher when unsure
`;

const EMBEDDED = `# A distillation of the language model in the house: costs nothing, and nothing leaves this machine.
name: house-student
purpose: specialist
distribution: none
teacher:
  embedded: true
  maxOutputTokens: 64
  temperature: 0
prompts:
  from:
    - file: ./prompts.jsonl
student:
  trainer: language-model
evaluation:
  test: ./test.jsonl
  reference: answer
  metric: exact
cascade: { epsilon: 0.2, delta: 0.05 }
`;
