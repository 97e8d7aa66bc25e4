namespace Automation.Intake.Mapping;

/// <summary>The mappings have been changed by somebody else meanwhile.</summary>
public sealed class MappingConflictException(long expected, long latest)
    : Exception($"The mappings have been changed by somebody else meanwhile: version {latest} is in force, not {expected}. Load them again and repeat your change.");
