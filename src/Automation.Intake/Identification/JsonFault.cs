namespace Automation.Intake.Identification;

/// <summary>Where and why a body is not the JSON it should be.</summary>
/// <param name="Reason">One sentence.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Byte">Byte in that line, from 1.</param>
internal sealed record JsonFault(string Reason, long Line, long Byte)
{
    public override string ToString() => $"{Reason} (line {Line}, byte {Byte})";
}
