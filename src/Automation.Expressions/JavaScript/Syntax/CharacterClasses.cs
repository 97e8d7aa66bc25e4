using System.Globalization;
using System.Text;

namespace Automation.Expressions.JavaScript.Syntax;

/// <summary>The character classes of the ECMAScript grammar.</summary>
internal static class CharacterClasses
{
    public static bool IsLineTerminator(char c) => c is '\n' or '\r' or '\u2028' or '\u2029';

    public static bool IsWhiteSpace(char c) =>
        c is ' ' or '\t' or '\v' or '\f' or '\u00A0' or '\uFEFF'
        || (c > 127 && char.GetUnicodeCategory(c) == UnicodeCategory.SpaceSeparator);

    public static bool IsWhiteSpaceOrLineTerminator(char c) => IsLineTerminator(c) || IsWhiteSpace(c);

    public static bool IsIdentifierStart(int c)
    {
        if (c < 128)
            return (uint)((c | 0x20) - 'a') < 26 || c is '$' or '_';
        if (c is 0x2118 or 0x212E or 0x309B or 0x309C or 0x1885 or 0x1886)
            return true;
        if (c is 0x2E2F || !Rune.IsValid(c))
            return false;
        return Rune.GetUnicodeCategory(new Rune(c)) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
            or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
            or UnicodeCategory.LetterNumber;
    }

    public static bool IsIdentifierPart(int c)
    {
        if (c < 128)
            return IsIdentifierStart(c) || (uint)(c - '0') < 10;
        if (c is 0x200C or 0x200D or 0x00B7 or 0x0387 or 0x19DA or 0x30FB or 0xFF65 || (c >= 0x1369 && c <= 0x1371) || IsIdentifierStart(c))
            return true;
        if (c is 0x2E2F || !Rune.IsValid(c))
            return false;
        return Rune.GetUnicodeCategory(new Rune(c)) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation;
    }

    public static int HexValue(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'f' => c - 'a' + 10,
        >= 'A' and <= 'F' => c - 'A' + 10,
        _ => -1,
    };
}
