//! Made-up tax ids with valid check digits (LENDING §15).

/// The CNPJ of a root and branch: 12 digits or upper-case letters, completed by their two check digits.
pub(crate) fn cnpj(root_and_branch: &str) -> String {
    debug_assert_eq!(root_and_branch.len(), 12, "a CNPJ has eight characters of root and four of branch");
    let first = check_digit(root_and_branch);
    let second = check_digit(&format!("{root_and_branch}{first}"));
    format!("{root_and_branch}{first}{second}")
}

fn check_digit(characters: &str) -> u32 {
    let weights = (2..=9).cycle();
    let weighted = characters.bytes().rev().zip(weights);
    let sum: u32 = weighted.map(|(byte, weight)| (u32::from(byte) - 48) * weight).sum();
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digits_of_a_numeric_cnpj_are_the_revenue_services() {
        assert_eq!(cnpj("112223330001"), "11222333000181");
    }

    #[test]
    fn the_check_digits_of_an_alphanumeric_cnpj_are_the_revenue_services() {
        assert_eq!(cnpj("12ABC34501DE"), "12ABC34501DE35");
    }
}
