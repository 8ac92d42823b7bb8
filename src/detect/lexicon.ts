import { FNV_START, avalanche, fnvStep } from "../stats/hash.ts";
import { Tokens } from "./tokens.ts";

/** What a word or short phrase says about the intent of a prompt; a set of these is a bit mask. */
export const MAKE = 1;
export const PROMPT_WORD = 2;
export const EXERCISE_WORD = 4;
export const VARIED = 8;
export const MODEL_WORD = 16;
export const HARDER = 32;
export const REASONING = 64;
export const TRACE = 128;
export const JUDGE = 256;
export const SELF = 512;
export const TASK_VERB = 1024;
/** A user is made up, or a conversation with one. */
export const SIMULATED = 2048;
/** A request in a language that puts its verb last: an imperative wherever it stands. */
export const REQUEST = 8192;
/** Somebody who answers: with a made-up user it makes a made-up conversation. */
export const ASSISTANT = 16384;
/** So many prompts: a number right before them (every number is the same token). */
export const SEVERAL = 4096;

/** Tokens of the longest phrase; in Chinese and Japanese every character is one. */
const PHRASE_LENGTH = 12;

/**
 * Words by intent, in English, Chinese, German, Spanish and French, written for this file. They say what a prompt asks
 * for, not which campaign it belongs to; conjunctions of them (reading.ts) are what counts.
 */
const WORDS: readonly (readonly [number, string])[] = [
  [
    SEVERAL,
    "5_instructions 5_prompts 5_dialogues 5_conversations 5_utterances 5_role_play_instructions 5_qa_pairs 5_question_answer 5_question_and_answer 5_user_queries 5_tasks_for 5_new_instructions",
  ],
  [
    SEVERAL,
    "5条指令 5个指令 5个提示词 5个问答对 5组问答 5_anweisungen 5_fragen_mit_antworten 5_instrucciones 5_pares_de_pregunta 5_preguntas_con_respuestas 5_instruções 5_pares 5_paires 5_perguntas_com_respostas",
  ],
  [
    SIMULATED,
    "would_ask could_ask might_ask would_send could_send might_send ask_a_chatbot would_type as_the_user play_the_user role_of_the_user user_simulator simulate_a_user",
  ],
  [
    SIMULATED,
    "user_and_assistant user_and_an_ai user_and_an_assistant human_and_assistant human_and_an_ai between_a_user between_a_human chat_log next_user_message the_user_would user_persona",
  ],
  [
    SIMULATED,
    "用户和助手 用户与助手 会提出的 会问的 向ai助手 扮演用户 模拟用户 ユーザーとアシスタント ユーザーとaiの nutzer_und_assistent einen_assistenten_stellen usuario_y_asistente usuario_y_un",
  ],
  [
    SIMULATED,
    "usuário_e_assistente utilisateur_et_assistant utilisateur_et_un poserait_à_un pedir_a_un_asistente pediría_a_un faria_a_um",
  ],
  [
    ASSISTANT,
    "assistant assistants chatbot chatbots ai ai_assistant language_model llm gpt 助手 模型 アシスタント assistent assistenten asistente assistente",
  ],
  [REQUEST, "ください なさい せよ 해주세요 하세요 하시오"],
  // Asking for something to be made.
  [
    MAKE,
    "generate create produce write compose devise draft construct invent formulate make design synthesize synthesise brainstorm",
  ],
  [MAKE, "come_up_with think_of provide_me give_me rewrite rephrase evolve transform"],
  [MAKE, "生成 创建 创造 编写 写出 提供 构造 构建 设计 想出 改写 撰写 出题"],
  [MAKE, "erstelle generiere erzeuge schreibe verfasse entwirf erfinde formuliere überarbeite"],
  [MAKE, "genera crea redacta escribe inventa formula produce elabora reescribe"],
  [MAKE, "gere crie escreva elabore invente redija simule simulate compose 作成して 生成して 書いて 考えて"],
  [MAKE, "génère générez créez crée rédige rédigez inventez invente formulez écris écrivez réécris"],
  // What a training set is made of.
  [
    PROMPT_WORD,
    "instruction instructions prompt prompts user_query user_queries dialogue dialogues utterances user_message user_messages",
  ],
  [
    PROMPT_WORD,
    "question_answer question_and_answer qa_pairs instruction_following task_instruction task_instructions series_of_tasks conversations",
  ],
  [PROMPT_WORD, "指令 提示词 问答对 对话 任务指令 提示"],
  [
    PROMPT_WORD,
    "l'instruction d'instructions l'invite question_réponse questions_et_réponses pares_de_pregunta pares_de_preguntas preguntas_con_respuestas fragen_mit_antworten frage_antwort perguntas_com_respostas pares_de_perguntas 質問と回答 instrução instruções 指示 プロンプト 対話 anweisung anweisungen instrucción instrucciones consigna consignas consigne consignes eingabeaufforderungen",
  ],
  // What a teacher or an examiner makes as well.
  [
    EXERCISE_WORD,
    "question questions problem problems task tasks example examples exercise exercises sample samples pairs scenario scenarios",
  ],
  [EXERCISE_WORD, "问题 题目 任务 例子 样本 示例 练习"],
  [
    EXERCISE_WORD,
    "frage fragen aufgabe aufgaben beispiele pregunta preguntas tarea tareas ejemplos ejercicios tâche tâches exemples exercices",
  ],
  [
    VARIED,
    "diverse diversity varied variety distinct unique brand_new different_from not_repeat a_series_of a_set_of a_list_of as_many",
  ],
  [VARIED, "多样 多样化 多样性 不重复 不要重复 各种 全新 不同类型"],
  [
    VARIED,
    "vielfältig vielfältige verschiedene abwechslungsreiche variadas variados diversas diversos diversidad variées variés diversité",
  ],
  [
    MODEL_WORD,
    "gpt llm llms chatgpt language_model language_models ai_model ai_models ai_systems ai_assistant training_data training_set",
  ],
  [
    MODEL_WORD,
    "training_examples dataset fine_tuning finetuning instruction_tuning synthetic_data student_model given_prompt given_instruction",
  ],
  [
    MODEL_WORD,
    "语言模型 大模型 训练数据 数据集 微调 模型完成 sprachmodell sprachmodelle trainingsdaten modelo_de_lenguaje modèle_de_langage datos_de_entrenamiento",
  ],
  [
    HARDER,
    "more_complex more_difficult more_challenging harder more_specific rarer even_more_rare multiple_step complicate add_one_more_constraint same_domain increase_the_difficulty more_complicated",
  ],
  [
    HARDER,
    "更复杂 更难 更具挑战 更具体 增加难度 相同领域 komplexer schwieriger anspruchsvoller más_compleja más_complejo más_difícil plus_complexe plus_difficile",
  ],
  [
    REASONING,
    "step_by_step step-by-step chain_of_thought show_your_work explain_your_reasoning show_your_reasoning your_reasoning thought_process reasoning_process think_carefully",
  ],
  [
    REASONING,
    "passo_a_passo raciocínio ステップごとに 段階的に 思考過程 一步一步 逐步 推理过程 思考过程 思维链 schritt_für_schritt paso_a_paso étape_par_étape razonamiento raisonnement gedankengang",
  ],
  // Asking for the hidden part: the trace itself, not an explanation for a reader.
  [
    TRACE,
    "<think <thinking <thought <reasoning <scratchpad reasoning_trace reasoning_traces internal_reasoning inner_monologue hidden_reasoning internal_monologue",
  ],
  [
    TRACE,
    "articulate_the_internal raw_reasoning full_reasoning_chain verbatim_reasoning working_memory behind_the_answer behind_a_completed complete_chain_of_thought think_aloud",
  ],
  [
    TRACE,
    "<trace <cot <rationale <reasoning_trace <thoughts 思考タグ 内部推理 内心独白 完整的推理 完整思考 隐藏推理 innerer_monolog razonamiento_interno monólogo_interno raisonnement_interne",
  ],
  [
    JUDGE,
    "rubric which_response which_answer better_response better_answer rate_the score_the on_a_scale preferred_response assistant_a response_a evaluate_the_response quality_of_the_response helpfulness",
  ],
  [
    JUDGE,
    "rank_the_answers rank_the_responses two_responses two_answers two_assistants impartial_judge reward_model score_each each_candidate response_b assistant_b which_one_is preferred chosen_and_rejected",
  ],
  [
    JUDGE,
    "评分 两个回答 公正的裁判 裁判 回答a 偏好 zwei_antworten dos_respuestas deux_réponses 評価して 打分 哪个回答 更好的回答 bewerte califica évalue evalúa",
  ],
  [SELF, "i i'm i've i'd i'll im my me mine myself we our us we're"],
  [
    SELF,
    "私 僕 俺 eu meu minha meus nós nosso nossa 我 我们 咱 俺 ich mein meine meinen mir mich wir unser yo mi mis nosotros nuestra quiero tengo necesito je j'ai mon ma mes nous notre",
  ],
  // Verbs that open a task set to somebody: exercise books, instruction sets, exam papers.
  [
    TASK_VERB,
    "write create generate describe explain list identify classify summarize summarise compare analyze analyse compose construct design develop suggest rewrite edit",
  ],
  [
    TASK_VERB,
    "translate convert calculate compute find determine evaluate provide give name outline propose produce predict arrange sort rank categorize choose select",
  ],
  [
    TASK_VERB,
    "brainstorm draft paraphrase rephrase simplify implement build formulate discuss define state estimate solve extract transform modify add remove replace reorder",
  ],
  [
    TASK_VERB,
    "assign match complete fill insert combine come organize plan prepare recommend report research show sketch specify output return detect assess argue imagine invent",
  ],
  [
    TASK_VERB,
    "consider prove derive simulate refactor optimize debug tell make rate correct proofread verify illustrate synthesize debate role-play roleplay act pretend respond reply answer",
  ],
  [
    TASK_VERB,
    "写 编写 撰写 创建 创作 生成 描述 解释 列出 列举 识别 分类 分析 总结 概括 比较 翻译 计算 找出 提供 给出 给定 设计 构建 构造 改写 重写 编辑 修改 判断 说明 阐述 推荐 制定 回答 选择 预测 排序 评估 将 把 用 使用 根据 请 为",
  ],
  [
    TASK_VERB,
    "schreibe schreiben erstelle erkläre beschreibe nenne liste vergleiche fasse übersetze berechne finde entwirf analysiere bestimme formuliere gib erläutere entwickle ordne bewerte",
  ],
  [
    TASK_VERB,
    "escribe describe explica enumera clasifica resume compara traduce calcula encuentra diseña analiza crea genera redacta identifica proporciona da elabora desarrolla define ordena",
  ],
  [
    TASK_VERB,
    "escreva descreva explique liste compare traduza calcule crie gere resuma classifique identifique sugira dê nomeie defina ordene analise proponha reescreva écris écrivez décris décrivez explique expliquez énumère résume résumez compare traduis calcule trouve rédige rédigez crée créez génère génère identifie propose donne donnez nomme",
  ],
];

/** Finds the words and phrases of the lexicon in a run of tokens. */
export class Lexicon {
  readonly #meaning = new Map<number, number>();
  // Most tokens begin nothing; a test by their low bits spares them everything else.
  readonly #begins = new Uint8Array(65536);

  constructor(words: readonly (readonly [number, string])[] = WORDS) {
    const tokens = new Tokens();
    for (const [bit, list] of words) {
      for (const word of list.split(" ")) {
        tokens.read(word.replaceAll("_", " "));
        if (tokens.length === 0 || tokens.length > PHRASE_LENGTH)
          throw new RangeError(`"${word}" has ${tokens.length} tokens; 1 to ${PHRASE_LENGTH} can be found`);
        let hash = FNV_START;
        for (let i = 0; i < tokens.length; i++) hash = fnvStep(hash, tokens.hashes[i] as number);
        const key = avalanche(hash);
        this.#meaning.set(key, (this.#meaning.get(key) ?? 0) | bit);
        this.#begins[(tokens.hashes[0] as number) & 0xffff] = 1;
      }
    }
  }

  /** Union of the meanings of all phrases that begin at one token and end before `end`. */
  at(tokens: Tokens, start: number, end: number): number {
    if (this.#begins[(tokens.hashes[start] as number) & 0xffff] === 0) return 0;
    let found = 0;
    let hash = FNV_START;
    const stop = Math.min(end, start + PHRASE_LENGTH);
    for (let i = start; i < stop; i++) {
      hash = fnvStep(hash, tokens.hashes[i] as number);
      found |= this.#meaning.get(avalanche(hash)) ?? 0;
    }
    return found;
  }
}
