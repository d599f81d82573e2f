//! What a statement on paper shows, and that all of it is on the paper.

use serde_json::{Value, json};

use super::*;

const LOAN: Uuid = Uuid::from_u128(7);

fn heading() -> Heading {
    Heading {
        loan: LOAN,
        external_id: Some("contract-7".to_owned()),
        borrower: Some("João da Silva".to_owned()),
    }
}

fn line(on: &str, what: &Value, balance: &str) -> Value {
    json!({ "on": on, "what": what, "principal": "1200.00", "balance": balance })
}

fn statement(lines: &[Value]) -> Statement {
    let as_of = json!({ "position": 11, "recorded_at": "2025-06-20T13:04:05.678Z" });
    let answer = json!({ "currency": "BRL", "lines": lines, "effective_on": "2025-06-20", "as_of": as_of });
    serde_json::from_value(answer).unwrap()
}

fn installment(number: usize) -> Value {
    line("2025-02-10", &json!({ "kind": "installment", "number": number, "amount": "110.00" }), "-1110.00")
}

fn file(lines: &[Value], language: Language) -> Vec<u8> {
    of(&statement(lines), &heading(), language).unwrap()
}

#[test]
fn a_statement_says_whose_it_is_as_of_when_and_what_happened() {
    let repaid = json!({
        "kind": "transaction", "type": "repayment", "amount": "1110.00", "external_id": "E12", "reversed": false,
        "allocation": {
            "late_fee": "0.00", "late_interest": "0.00", "penalty": "0.00", "fee": "0.00", "interest": "10.00",
            "principal": "1100.00",
        },
        "overpaid": "0.00", "credit": "0.00",
    });
    let lines = [
        installment(1),
        line("2025-02-11", &repaid, "0.00"),
        line("2025-07-10", &json!({ "kind": "installment", "number": 2, "amount": "110.00" }), "110.00"),
    ];
    expect_test::expect_file!["shown.txt"].assert_eq(
        &[Language::English, Language::Portuguese]
            .map(|language| read_back::text(&file(&lines, language)))
            .join("\n"),
    );
}

#[test]
fn every_kind_of_line_has_words_of_its_own() {
    let kinds = [
        json!({ "kind": "charge", "charge": "origination_fee", "added_on": "2025-01-01", "amount": "7.50" }),
        json!({ "kind": "late_charges", "number": 2, "late_fee": "2.20", "late_interest": "0.30" }),
        json!({ "kind": "waiver", "charge": LOAN, "amount": "7.50", "reason": "as agreed" }),
        json!({ "kind": "restructuring", "mode": "re_age", "reason": "lost their job" }),
        json!({ "kind": "write_off", "amount": "90.00", "reason": null, "reversed": true }),
        json!({
            "kind": "transaction", "type": "refund", "amount": "3.00", "reversed": true, "overpaid": "-3.00",
            "reversed_on": "2025-03-01", "reversal_reason": "bounced", "credit": "-1.00",
        }),
    ];
    let shown = kinds.map(|what| {
        let line: Line = serde_json::from_value(line("2025-02-10", &what, "0.00")).unwrap();
        let [language, other] = [Language::English, Language::Portuguese];
        assert_ne!(line.title(language), line.title(other));
        let amount = line.amount().map(|amount| amount.to_string()).unwrap_or_default();
        format!("{} | {} | {amount}", line.title(language), line.details(language))
    });
    assert_eq!(
        shown,
        [
            "Origination fee |  | 7.50",
            "Late charges, installment 2 | late fee 2.20, late-payment interest 0.30 | 2.50",
            "Charge waived |  | 7.50",
            "Restructuring |  | ",
            "Write-off | reversed | 90.00",
            "Refund | overpaid -3.00, taken from what was kept 1.00; reversed on 2025-03-01 | 3.00",
        ]
    );
}

#[test]
fn whatever_the_api_calls_a_line_has_a_word() {
    let document: Value =
        serde_json::from_str(include_str!("../../../../../schemas/openapi.json")).expect("the API document");
    let schemas = &document["components"]["schemas"];
    let kinds = schemas["StatementItem"]["oneOf"].as_array().expect("kinds of lines").iter().map(|item| {
        let fields = item["allOf"].get(1).unwrap_or(item);
        &fields["properties"]["kind"]["enum"][0]
    });
    let charges = schemas["AddedCharge"]["enum"].as_array().expect("kinds of charges");
    // A transaction is called by its type, a charge by its kind.
    let called: Vec<&str> = kinds
        .chain(charges)
        .filter_map(Value::as_str)
        .filter(|kind| !["transaction", "charge"].contains(kind))
        .collect();
    assert!(called.len() > 10, "{called:?}");
    for name in called {
        assert_ne!(Language::Portuguese.word(name), name);
    }
}

/// A text on a page, in tenths of a point from the lower left corner.
#[derive(Debug)]
struct Placed {
    left: i32,
    right: i32,
    y: i32,
    text: String,
}

fn texts(operators: &str) -> Vec<Placed> {
    let (mut style, mut squeezed, mut at) = (PLAIN, 100, (0, 0));
    let mut texts = Vec::new();
    for line in operators.lines() {
        let (operands, operator) = line.rsplit_once(' ').unwrap_or_default();
        let numbers: Vec<i32> = operands.split(' ').filter_map(|number| number.parse().ok()).collect();
        match (operator, &numbers[..]) {
            ("Tf", [size]) => {
                let font = if operands.starts_with("/Bold") { Font::Bold } else { Font::Regular };
                style = Style { font, size: i16::try_from(*size).unwrap(), gray: 0.0 };
            }
            ("Tz", [percent]) => squeezed = *percent,
            ("Td", [x, y]) => at = (*x, *y),
            ("Tj", _) => {
                let text = read_back::unescaped(operands);
                let right = at.0 + style.width(&written(&text)) * squeezed / 100;
                texts.push(Placed { left: at.0, right, y: at.1, text });
            }
            _ => {}
        }
    }
    texts
}

#[test]
fn each_page_names_the_columns_and_says_which_of_how_many_it_is() {
    let lines: Vec<Value> = (1..=100).map(installment).collect();
    let pages: Vec<Vec<Placed>> =
        read_back::pages(&file(&lines, Language::English)).iter().map(|page| texts(page)).collect();
    assert_eq!(pages.len(), 3);
    for (number, page) in (1..).zip(&pages) {
        let texts: Vec<&str> = page.iter().map(|text| &text.text[..]).collect();
        let header = texts.iter().position(|text| *text == "Date").expect("a header");
        assert_eq!(texts[header..header + 5], ["Date", "Description", "Amount", "Principal", "Balance"]);
        assert_eq!(texts.last().copied(), Some(&format!("Page {number} of 3")[..]));
        let mut balances = page[header..].iter().filter(|text| text.text == "-1,110.00");
        assert!(balances.all(|text| (text.right - i32::from(RIGHT) + 40).abs() <= 1), "to the right");
    }
    let titles = pages.iter().flatten().filter(|text| text.text.starts_with("Installment"));
    let expected = (1..=100).map(|number| format!("Installment {number}"));
    assert!(titles.map(|text| text.text.clone()).eq(expected), "each line once, in order");
}

#[test]
fn nothing_is_outside_the_page_or_over_another_however_long_it_is() {
    let long = |word: &str| word.repeat(500 / word.len());
    let what = json!({
        "kind": "write_off", "amount": "-999999999999999999.99", "external_id": long("Straße東京 "), "reversed": true,
    });
    let lines: Vec<Value> = (0..30).map(|_| line("2025-02-10", &what, "-9999999999999999999.99")).collect();
    let heading = Heading { loan: LOAN, external_id: Some(long("W")), borrower: Some(long("Wanderley ")) };
    let file = of(&statement(&lines), &heading, Language::Portuguese).unwrap();
    let pages: Vec<Vec<Placed>> = read_back::pages(&file).iter().map(|page| texts(page)).collect();
    for page in &pages {
        for text in page {
            assert!(text.left >= i32::from(LEFT) && text.right <= i32::from(RIGHT), "{text:?}");
            assert!((300..8000).contains(&text.y), "{text:?}");
            let over = page
                .iter()
                .find(|other| other.y == text.y && other.left > text.left && other.left < text.right);
            assert!(over.is_none(), "{text:?} runs into {over:?}");
        }
    }
    let all: Vec<&str> = pages.iter().flatten().map(|text| &text.text[..]).collect();
    assert!(all.iter().any(|text| text.starts_with("Wanderley") && text.ends_with('…')), "{all:?}");
    assert!(all.iter().any(|text| text.contains("Straße??")), "{all:?}");
    assert!(all.contains(&"-999.999.999.999.999.999,99"), "no figure is cut");
}

#[test]
fn the_same_answer_is_the_same_file() {
    let lines: Vec<Value> = (1..=50).map(installment).collect();
    assert_eq!(file(&lines, Language::English), file(&lines, Language::English));
    let text = String::from_utf8_lossy(&file(&lines, Language::Portuguese)).into_owned();
    assert!(text.contains("/Lang (pt-BR)") && text.contains("/Producer"), "{text}");
    assert!(!text.contains("Date"), "of a clock");
}

#[test]
fn a_loan_without_lines_has_a_statement_that_says_so() {
    assert!(read_back::text(&file(&[], Language::English)).contains("Nothing has been disbursed yet."));
}

#[test]
fn before_the_first_line_nothing_is_due() {
    let later =
        line("2025-07-10", &json!({ "kind": "installment", "number": 1, "amount": "110.00" }), "110.00");
    let text = read_back::text(&file(&[later], Language::English));
    assert!(text.contains("Balance on 2025-06-20\n0.00\nClosing balance\n110.00\n"), "{text}");
}
