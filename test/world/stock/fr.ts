export const subjects = `
cuisine: four|soupe|poêle|recette|pain de campagne|cafetière|casserole|gratin|huile d'olive|gâteau; cuire|congeler|assaisonner|réchauffer; la sauce a tourné|la pâte n'a pas levé; nutrition|gastronomie
jardin: serre|pommier|tuyau d'arrosage|haie|pot de fleurs|potager|ruche|rosier|pelouse|compost; tailler|arroser|récolter|rempoter; les feuilles ont jauni|le gel est venu tôt; jardinage|botanique
voyage: valise|billet|auberge|train de nuit|visa|passeport|bateau|carte|vol|assurance voyage; réserver|annuler|reporter|échanger; le train a été supprimé|la valise a été perdue; géographie|tourisme
argent: facture|crédit immobilier|carte bancaire|fiche de paie|prêt|compte|reçu|budget|virement|impôt; payer|vérifier|virer|renouveler; le prix a augmenté|des frais ont été prélevés deux fois; droit fiscal|comptabilité|statistique
santé: vaccin|ordonnance|thermomètre|prise de sang|lunettes|sirop|pansement|inhalateur|rendez-vous médical|régime; soigner|prescrire|mesurer|guérir; la fièvre est revenue|la plaie ne s'est pas refermée; biologie|pharmacie|anatomie
technique: imprimante|serveur|base de données|écran|site web|mot de passe|téléphone|fichier|logiciel|routeur; installer|redémarrer|tester|mettre à jour; le test a échoué|la connexion a été coupée; informatique|cryptographie
maison: fenêtre|tapis|machine à laver|cheminée|robinet|serrure|étagère|toit|escalier|chaudière; réparer|nettoyer|peindre|remplacer|assurer; le toit fuit|la lumière clignote; menuiserie|architecture
école: examen|devoirs|emploi du temps|bibliothèque|laboratoire|bulletin|bourse|tableau|sortie|cahier; étudier|corriger|expliquer|réviser; la moitié de la classe était absente|le sujet était trop dur; histoire|chimie|pédagogie
musique: piano|guitare|chorale|partition|micro|concert|tambour|violon|disque|répétition; accorder|enregistrer|répéter|jouer; une corde a cassé|le son a coupé; solfège|acoustique
boutique: colis|bon d'achat|veste|commande|retour|chaussures|sac à dos|lampe|casque|cadeau; commander|renvoyer|échanger|expédier; la livraison est arrivée en retard|la taille était fausse; logistique|commerce
rue: vélo|pont|feu rouge|tramway|parking|tunnel|permis|trottinette|pneu|péage; garer|louer|immatriculer|remorquer; la rue était fermée|un pneu a crevé; urbanisme|mécanique
bureau: réunion|rapport|calendrier|contrat|courriel|procès-verbal|offre d'emploi|présentation|congé|ordre du jour; organiser|valider|transférer|résumer; personne n'a répondu au téléphone|le rapport était incomplet; négociation|droit
`;
export const common = {
  place:
    "Lyon|Nantes|Genève|Namur|Québec|Lille|Dakar|Brest|Tours|Liège|Rennes|Bordeaux|Abidjan|Metz|Annecy|Nice",
  name: "Camille|Louis|Amélie|Hugo|Fatou|Julien|Manon|Karim|Élise|Bastien|Nadia|Théo|Claire|Yann",
  surname: "Martin|Lefèvre|Diallo|Moreau|Girard|Petit|Benali|Rousseau|Fontaine|Perrin|Marchand|Noël",
  quality:
    "fiable|ancien|lourd|moderne|bruyant|cassé|local|rare|pratique|neuf|fragile|sûr|étroit|célèbre|simple|cher|propre|étrange|solide|léger",
  time: "hier|la semaine dernière|en mars|lundi|ce matin|il y a deux ans|le mois prochain|vendredi soir|depuis janvier|cet été|demain|la nuit",
  code: "Python|SQL|Excel|Java|JavaScript|C++",
  structure: "liste|table|chaîne|matrice|fichier|pile|arbre",
  style: "aimable|formel|bref|enjoué|sérieux|chaleureux",
  audience: "débutants|enfants|étudiants|touristes|cadres|infirmiers",
  kind: "liste|tableau|poème|dialogue|lettre|plan|rédaction|rapport|conte|discours|résumé",
  feeling: "content|agacé|inquiet|perdu|curieux|fatigué",
  animal: "renard|hérisson|corbeau|âne|moineau|loutre",
  noun: "question|réponse|semaine|idée|voisin|amie|lettre|porte|chiffre|mot|matin|chambre|erreur|plan|règle|offre|visite|rue|table|résultat|liste|page|groupe|nuit|cuisine|été|oncle|médecin|maîtresse|collègue|enfant|patronne|client|société|village|rivière|montagne|sac|bouteille|manteau|clé|chaise|montre|appel|tâche|épreuve|livre|poème|chanson|film|blague|secret|espoir|mensonge|avis|étude|image|version|plainte|jeu|voyage|siège|langue|loi|vote|procès|guerre|machine|roue|mur|pluie|poussière|chien|chat|oiseau|arbre|pain|sel|odeur|bruit|couleur|poids|fin|début|reste",
  verbed:
    "a trouvé|a cherché|a perdu|a porté|a ouvert|a fermé|a changé|a acheté|a vendu|a construit|a montré|a demandé|a appelé|a quitté|a remarqué|a oublié|a prévu|a essayé|a commencé|a fini|a évité|a atteint|a rempli|a coupé|a peint|a écrit|a lu|a envoyé|a reçu|a prêté|a payé|a compté|a comparé|a vérifié|a prouvé|a attendu|a décrit|a expliqué|a répété|a discuté|a pensé à|a rêvé de|a ri de|a parlé de",
  adverb:
    "lentement|vite|soudain|souvent|rarement|toujours|jamais|encore|plus tard|bientôt|déjà|ensemble|dehors|en haut|peut-être|par chance|presque|exactement|à peu près|sans le vouloir|à la main|à la fin",
} as const;
export const macros: Readonly<Record<string, readonly string[]>> = {
  who: [
    "{name}",
    "{person}",
    "personne",
    "quelqu'un",
    "mon voisin",
    "la {noun} de {name}",
    "{name}, de {place},",
    "on",
    "{word}",
  ],
  what: [
    "cela",
    "tout",
    "la {noun} et le {thing}",
    "aucune {noun}",
    "{number} fois la {noun}",
    "quelque chose sur {field}",
    "le {thing} de {place}",
    "{word}",
    "une autre {noun}",
    "{price}",
  ],
  when: [
    "{time}",
    "à {place}",
    "{adverb}",
    "à {hour}",
    "depuis {year}",
    "sans {noun}",
    "malgré la {noun}",
    "{number} jours après",
    "le {date}",
  ],
};
export const sentences = [
  "{who} {verbed} {what}.",
  "{who} {verbed} {what} {when}.",
  "{when}, {who} {verbed} {what}.",
  "{who} {verbed} {what}, [mais|et|car] {who} {verbed} {what}.",
  "On dit que {who} {verbed} {what}.",
  "Il y a eu {what} {when}.",
  "[Pourquoi|Quand|Où|Comment] {who} {verbed} {what} ?",
  "{who} était {feeling} {when}.",
  "{noun}, {noun}, {noun} : {who} {verbed} {what}.",
  "Si {who} {verbed} {what}, {who} veut {act}.",
];
export const statements = [
  "L'état de : {thing}, à {place}, a été [vérifié|discuté|corrigé] {time}.",
  "{name} [a dit|a écrit|pense] que {happening}.",
  "Après {number} jours, il a fallu tout {act}.",
  "En {field}, c'est [souvent|rarement|parfois] {quality}.",
  "Cela coûte [environ|au moins] {price} de plus.",
  "D'après [les notes|le compte rendu|{name}], {happening} {time}.",
  "Les {number} pièces sont de type {quality}.",
  "{person}, de {place}, a demandé un modèle plus {quality} parce que {happening}.",
  "Depuis le {date}, c'est plus {quality}, [et|mais] {happening}.",
  "On peut le {act} en {number} minutes si c'est {quality}.",
  "Pour {thing} et {thing}, il y a {number} offres.",
  "[Personne n'|Seul {name} ]était {feeling} quand {happening}.",
  "Référence {code7} : {thing}, {quality}, {price}.",
];
