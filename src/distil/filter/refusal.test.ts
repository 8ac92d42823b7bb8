import { describe, expect, it } from "vitest";
import { refusalIn } from "./refusal.ts";

describe("refusalIn", () => {
  it.each([
    "I'm sorry, but I can't assist with that.",
    "I’m sorry, but I cannot help with this request.",
    "I'm sorry, I can't help with that",
    "Sorry, I can't do that.",
    "I cannot fulfill this request.",
    "I can't assist with that request. If you have other questions, feel free to ask!",
    "I must decline to answer this question.",
    "I'm unable to provide instructions for making weapons, as this could be dangerous.",
    "I apologize, but I'm not able to help with creating harmful content.",
    "As an AI language model, I cannot provide medical advice.",
    "As an AI, I don't have personal opinions.",
    "As an AI assistant, I'm not able to browse the internet.",
    "Unfortunately, I don't have access to real-time information.",
    "I cannot browse the internet.",
    "It is not appropriate for me to comment on that.",
    "I won't help with this.",
    "That request goes against my guidelines.",
    "Hello! I'm afraid I can't help you with that.",
    "I'm just an AI language model, I cannot feel emotions.",
    "<think>They want something bad.</think>I'm sorry, but I can't help with that.",
    "**I'm sorry, but I can't assist with that.**",
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Tut mir leid, ich kann Ihnen dabei leider nicht weiterhelfen.",
    "Als KI-Sprachmodell kann ich keine medizinischen Ratschläge geben.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "No puedo ayudarte con esa solicitud.",
    "Como modelo de lenguaje, no tengo opiniones personales.",
    "Je suis désolé, mais je ne peux pas vous aider avec cette demande.",
    "Désolé, je ne peux pas répondre à cette question.",
    "En tant que modèle de langage, je ne peux pas donner d'avis médical.",
    "Desculpe, mas não posso ajudar com isso.",
    "Não posso ajudar com essa solicitação.",
    "Mi dispiace, ma non posso aiutarti con questa richiesta.",
    "很抱歉，我无法回答这个问题。",
    "对不起，我不能提供这方面的帮助。",
    "抱歉，我不能协助您完成这个请求。",
    "作为一个人工智能语言模型，我无法提供医疗建议。",
    "我无法满足您的要求。",
    "申し訳ありませんが、そのご要望にはお応えできません。",
    "申し訳ございません。そのリクエストにはお応えできません。",
    "すみませんが、お手伝いできません。",
    "AI言語モデルとして、医療アドバイスを提供することはできません。",
    "죄송하지만 그 요청은 도와드릴 수 없습니다.",
    "Извините, но я не могу помочь с этим.",
  ])("a refusal: %s", (answer) => {
    expect(refusalIn(answer, "Tell me how to do it")).not.toBeNull();
  });

  it.each([
    "As an AI engineer, I build systems.",
    "As an AI researcher, I can't stress enough how important data is.",
    "I can't recommend this book enough!",
    "I can't help but smile when I see this picture.",
    "I'm sorry to hear that your dog is ill. Here is what you can do: keep it warm and call a vet.",
    "Sorry for the confusion! The answer is 42.",
    "Unfortunately, the train was late, and the meeting began without them.",
    "A typical refusal is “I'm sorry, but I can't assist with that.” It names no reason.",
    "\"I'm sorry, but I can't help you,\" said the old man, and closed the door.",
    "The assistant will refuse with the words: I cannot help with that.",
    "I cannot tell a lie: I cut down the cherry tree.",
    "I won't give up, I will keep on trying until the sun goes down.",
    "I can't see any mistakes in your code, but line 3 could be shorter.",
    "You cannot divide by zero.",
    "We can't do this integral by parts, but a substitution works: let u = x^2.",
    "Dear Mr. Smith, I'm sorry, but I cannot accept your kind offer at this time.",
    "Customer: I'm sorry, but I can't help with that order number.",
    "declined_card_payment",
    "No",
    "Not enough information is given in the passage.",
    "The model refused: it could not help with the request.",
    "Ich kann nicht schlafen, weil der Mond so hell scheint.",
    "Leider war der Zug verspätet und alle kamen zu spät.",
    "Lo siento mucho por tu pérdida, estoy aquí para escucharte.",
    "Je ne peux pas vivre sans toi, dit-elle en pleurant.",
    "Não posso viver sem você, disse ela.",
    "他说：“抱歉，我不能帮你。”然后离开了。",
    "抱歉让您久等了，您的订单已经发货。",
    "申し訳ありませんが、という表現は丁寧な断り方として使われます。",
    "In order to decline politely, thank them first and then give a short reason.",
    "",
  ])("no refusal: %s", (answer) => {
    expect(refusalIn(answer, "Write something")).toBeNull();
  });

  it("lets an answer stand that says what it cannot do and then helps", () => {
    const help =
      "Here is how you can find it yourself: open the settings, choose your account, then the list of devices, and compare it with what you own. ".repeat(
        3,
      );
    expect(refusalIn(`I can't browse the internet. ${help}`, "Which devices?")).toBeNull();
    expect(
      refusalIn(`As an AI language model, I don't have personal opinions. ${help}`, "Which devices?"),
    ).toBeNull();
    expect(
      refusalIn(`I'm sorry, but I can't help with that. ${help.slice(0, 200)}`, "Which devices?"),
    ).not.toBeNull();
  });

  it("lets a refusal stand that was asked for, but for one in the machine's own name", () => {
    const asked = "Write a sentence that politely declines an invitation.";
    expect(refusalIn("I'm sorry, but I can't do that weekend.", asked)).toBeNull();
    expect(
      refusalIn("I'm sorry, but as an AI language model I cannot help with that.", asked),
    ).not.toBeNull();
  });

  it("comes to an end on hostile answers", () => {
    for (const text of ["I'm sorry ", "I'm sorry, as an ai ", "ich kann ", "(", "sorry sorry i ", "抱歉"])
      expect(() => refusalIn(text.repeat(50_000), "x".repeat(100_000))).not.toThrow();
  });
});
