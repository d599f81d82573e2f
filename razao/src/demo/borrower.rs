//! Who borrows: restaurants with plausible names and valid, made-up tax ids.

use serde_json::{Value, json};

use super::names::{chances, one_of};
use super::tax_id::cnpj;

const KINDS: [&str; 20] = [
    "Cantina",
    "Churrascaria",
    "Pizzaria",
    "Boteco",
    "Bar e Restaurante",
    "Padaria",
    "Lanchonete",
    "Galeteria",
    "Temakeria",
    "Pastelaria",
    "Cafeteria",
    "Restaurante",
    "Empório",
    "Peixaria",
    "Sorveteria",
    "Tapiocaria",
    "Hamburgueria",
    "Rotisseria",
    "Confeitaria",
    "Casa de Massas",
];

const NAMES: [&str; 32] = [
    "do Zé",
    "da Nonna",
    "Bom Sabor",
    "São Jorge",
    "Sabor da Serra",
    "do Mercado",
    "Dois Irmãos",
    "Estrela do Sul",
    "Tempero da Vó",
    "Beira-Mar",
    "da Praça",
    "Santo Antônio",
    "Canto Mineiro",
    "Ponto Certo",
    "Recanto Gaúcho",
    "Vila Madalena",
    "do Português",
    "Ipê Amarelo",
    "Flor do Cerrado",
    "Mar Azul",
    "da Esquina",
    "Delícias da Bahia",
    "Fogão a Lenha",
    "Oriente",
    "Primavera",
    "Nova Aliança",
    "Pão Nosso",
    "Capim Santo",
    "Alto da Boa Vista",
    "do Largo",
    "Manacá",
    "Trem Bão",
];

const FORMS: [&str; 4] = ["Ltda", "Ltda ME", "Ltda EPP", "SLU"];

const LETTERS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The borrower of a name of the book, as an application names it. One in eight has a CNPJ with letters.
pub(super) fn restaurant(name: &str) -> Value {
    let mut rng = chances(name);
    let called =
        format!("{} {} {}", one_of(&mut rng, &KINDS), one_of(&mut rng, &NAMES), one_of(&mut rng, &FORMS));
    let characters = if rng.u8(..8) == 0 { &LETTERS[..] } else { &LETTERS[..10] };
    // The first character is a digit above 0, so no tax id is of one character throughout.
    let mut root = char::from(LETTERS[rng.usize(1..10)]).to_string();
    root.extend((1..8).map(|_| char::from(characters[rng.usize(..characters.len())])));
    json!({ "tax_id": cnpj(&format!("{root}0001")), "name": called })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restaurant_keeps_its_name_and_its_tax_id() {
        assert_eq!(restaurant("demo-1-borrower-3"), restaurant("demo-1-borrower-3"));
    }

    #[test]
    fn some_tax_ids_have_letters() {
        let tax_ids = (0..100).map(|k| restaurant(&format!("demo-1-borrower-{k}"))["tax_id"].to_string());
        let with_letters = tax_ids.filter(|tax_id| tax_id.chars().any(|c| c.is_ascii_uppercase())).count();
        assert!((3..40).contains(&with_letters), "{with_letters} of 100");
    }
}
