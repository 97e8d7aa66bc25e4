using System.Buffers;
using System.Text;

namespace SQLitePCL;

/// <summary>
/// A string as UTF-8 for the length of one call: on the caller's stack where it fits, else in a pooled array.
/// The text is followed by a NUL; <see cref="Length"/> does not count it. Lone surrogates become U+FFFD.
/// </summary>
internal ref struct NativeText
{
    /// <summary>Size of the stack buffer that callers offer, in bytes.</summary>
    internal const int StackSize = 512;

    private readonly Span<byte> _bytes;
    private byte[]? _rented;

    internal NativeText(ReadOnlySpan<char> text, Span<byte> stack)
    {
        // Three bytes per UTF-16 unit is the most there can be; only texts that might not fit are measured.
        if (text.Length < stack.Length / 3)
        {
            _bytes = stack;
        }
        else
        {
            _rented = ArrayPool<byte>.Shared.Rent(checked(Encoding.UTF8.GetByteCount(text) + 1));
            _bytes = _rented;
        }

        Length = Encoding.UTF8.GetBytes(text, _bytes);
        _bytes[Length] = 0;
    }

    internal int Length { get; }

    public readonly ref byte GetPinnableReference() => ref _bytes[0];

    internal void Dispose()
    {
        if (_rented is null)
            return;
        ArrayPool<byte>.Shared.Return(_rented);
        _rented = null;
    }
}
