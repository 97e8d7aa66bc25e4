using System.Runtime.InteropServices;

namespace Automation.Workflows.Queries.Memory;

/// <summary>A text at one place of an id of ours, as the bits that it takes up there.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct IdPattern(UInt128 Bits, UInt128 Mask)
{
    /// <summary>All places at which a text can stand in an id that is written so; none for text that cannot.</summary>
    public static IdPattern[] Of(string text, IdForm form, bool atBeginning)
    {
        var length = form == IdForm.Dashes ? 36 : 32;
        List<IdPattern> patterns = [];
        for (var start = 0; start + text.Length <= length && (start == 0 || !atBeginning); start++)
        {
            if (At(text, start, form) is { } pattern)
                patterns.Add(pattern);
        }

        return [.. patterns];
    }

    public bool Fits(UInt128 id) => (id & Mask) == Bits;

    private static IdPattern? At(string text, int start, IdForm form)
    {
        var (bits, mask) = (UInt128.Zero, UInt128.Zero);
        var digit = start;
        if (form == IdForm.Dashes)
            digit -= (start > 8 ? 1 : 0) + (start > 13 ? 1 : 0) + (start > 18 ? 1 : 0) + (start > 23 ? 1 : 0);
        for (var i = 0; i < text.Length; i++)
        {
            var isDash = form == IdForm.Dashes && start + i is 8 or 13 or 18 or 23;
            if (isDash != (text[i] == '-') || (!isDash && !char.IsAsciiHexDigit(text[i])))
                return null;
            if (isDash)
                continue;
            var shift = 124 - (4 * digit++);
            bits |= (UInt128)(uint)Convert.ToInt32(text[i].ToString(), 16) << shift;
            mask |= (UInt128)0xF << shift;
        }

        return new IdPattern(bits, mask);
    }
}
