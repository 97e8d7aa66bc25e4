using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace SQLitePCL;

/// <summary>
/// Zero-terminated UTF-8 text, or null. Text that came from SQLite points into SQLite's memory and is valid only until
/// the next call that may change it (for a column: the next step, reset, conversion or dispose of the statement).
/// </summary>
public readonly ref struct utf8z
{
    // Without the terminator, which is there in memory nevertheless: all constructors see to it.
    private readonly ReadOnlySpan<byte> _bytes;

    private utf8z(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Copies a string to zero-terminated UTF-8.</summary>
    /// <param name="s">The text, or null.</param>
    /// <returns>The copy; null text for null.</returns>
    public static utf8z FromString(string? s)
    {
        if (s is null)
            return default;
        var length = Encoding.UTF8.GetByteCount(s);
        var bytes = new byte[checked(length + 1)];
        Encoding.UTF8.GetBytes(s, bytes);
        return new utf8z(bytes.AsSpan(0, length));
    }

    internal static unsafe utf8z FromPointer(byte* text) =>
        text is null ? default : new utf8z(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>As many bytes as said, zeros among them included.</summary>
    internal static unsafe utf8z FromPointer(byte* text, int length) =>
        text is null ? default : new utf8z(new ReadOnlySpan<byte>(text, length));

    /// <summary>Copies native text to managed memory, so that the native memory can be freed.</summary>
    internal static unsafe utf8z Copy(byte* text)
    {
        if (text is null)
            return default;
        var source = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
        var bytes = new byte[source.Length + 1];
        source.CopyTo(bytes);
        return new utf8z(bytes.AsSpan(0, source.Length));
    }

    /// <summary>True for null text (not for empty text).</summary>
    public bool IsNull => Unsafe.IsNullRef(ref MemoryMarshal.GetReference(_bytes));

    /// <summary>The bytes without the terminator; empty for null.</summary>
    public ReadOnlySpan<byte> AsSpan() => _bytes;

    /// <summary>Decodes the text; invalid sequences become U+FFFD.</summary>
    /// <returns>The string; null for null text.</returns>
    public string? utf8_to_string() => IsNull ? null : Encoding.UTF8.GetString(_bytes);

    /// <summary>The first byte, for <c>fixed</c>; a null reference for null text.</summary>
    /// <returns>A reference to the first byte (the terminator, if the text is empty).</returns>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public ref readonly byte GetPinnableReference() => ref MemoryMarshal.GetReference(_bytes);
}
